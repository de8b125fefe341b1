"""What the search finds: the same on both databases, whatever is typed; and by which way it finds it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shopfolio.core import search as search_module
from shopfolio.core import search_index
from shopfolio.core.models import BlogPost, Certificate, Policy, Project, Skill
from shopfolio.core.search import A_PAGE, search
from tests.counts import count
from tests.factories import make_page, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

START = datetime(2026, 1, 1, tzinfo=UTC)
CORPUS = [
    ("Résumé", "", "<p>A life in a page.</p>"),
    ("Learning C++", "", "<p>Pointers &amp; patience.</p>"),
    ("Learning C#", "", "<p>And .NET, by way of <em>node.js</em>.</p>"),
    ("日本語のサイト", "", "<p>東京で作りました。</p>"),
    ("Größe zählt", "", "<p>Die Straße nach Łódź.</p>"),
    ("Well-kept", "She said “don't”.", "<p>E-mail me: ana@example.org</p>"),
    ("🎨 Colours", "", "<p>Of the and of the.</p>"),
    ("Tide tables", "", "<p>Printed each year.</p>"),
    ("A wall", "It shows the tide.", "<p>Of tables it has none.</p>"),
    ("Ferries", "", "<p>They wait for the tide, at tables.</p>"),
]


@pytest.fixture(autouse=True)
def _no_strays():
    """A test that commits empties its tables afterwards, but not the index beside them."""
    search_index.remove_strays()


@pytest.fixture
def corpus():
    """Each page a day newer than the one before."""
    for number, (title, summary, body) in enumerate(CORPUS):
        published = START + timedelta(days=number)
        make_page(BlogPost, title, description=summary, body=body, activate_date=published)


def titles(text: str, **options: int) -> list[str]:
    marked = [hit.title for hit in search(text, **options).hits]
    return [title.replace("<mark>", "").replace("</mark>", "").replace("&#x27;", "'") for title in marked]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("resume", ["Résumé"]),
        ("RE\u0301SUME\u0301", ["Résumé"]),
        ("c++", ["Learning C++"]),
        ("c#", ["Learning C#"]),
        ("learning c", []),
        (".net", ["Learning C#"]),
        ("Node.JS", ["Learning C#"]),
        ("日本語", ["日本語のサイト"]),
        ("語", ["日本語のサイト"]),
        ("東京 日本", ["日本語のサイト"]),
        ("京都", []),
        ("grösse", ["Größe zählt"]),
        ("strasse lodz", ["Größe zählt"]),
        ("well-kept", ["Well-kept"]),
        ("kept well", ["Well-kept"]),
        ("“don't”", ["Well-kept"]),
        ("ana@example.org", ["Well-kept"]),
        ("🎨", ["🎨 Colours"]),
        ("the of and", ["🎨 Colours"]),
        ("learn", ["Learning C#", "Learning C++"]),
        ("learn c++", []),
        ("l", []),
        # All words in the title first, then in title or summary, then anywhere; the newest first.
        ("tide", ["Tide tables", "A wall", "Ferries"]),
        ("tables", ["Tide tables", "Ferries", "A wall"]),
        ("wall tide", ["A wall"]),
        ("tide nowhere", []),
        ('"tide" AND tables*', []),
        ("tide tables*", ["Tide tables", "Ferries", "A wall"]),
        ("NEAR(tide", []),
        ("title:tide", []),
        ("-tide ^tables", ["Tide tables", "Ferries", "A wall"]),
        ("tide\x00tables", ["Tide tables", "Ferries", "A wall"]),
        ("tide \ud800 tables", ["Tide tables", "Ferries", "A wall"]),
        ("'); DROP TABLE core_blogpost; --", []),
        ("tide " + "x" * 10_000, []),
        (" " * 10_000, []),
        ("!!!", []),
        ("", []),
    ],
)
def test_a_query_finds_the_same_everywhere(corpus, typed, found):
    assert titles(typed) == found
    assert search(typed).total == len(found)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)
@given(st.text(alphabet=st.characters(codec=None, exclude_categories=[]), max_size=50))
@example('"')
@example("''")
@example("\\' :* & | ! <->")
@example("a\u0301++")
@example("AND OR NOT")
@example("\x00")
@example("\ud800")
def test_no_text_stops_the_search(text):
    page = BlogPost(title="x", body="x")  # not kept: only asked how it would be found

    assert search(text).query.text == search_module.Query.of(text).text
    with transaction.atomic():
        page.title, page.slug = f"q {search(text).query.text}"[:200], ""
        page.status = page.Status.PUBLISHED
        page.save()
        typed = search(text)
        transaction.set_rollback(True)

    assert (page.pk in {hit.page for hit in typed.hits}) == bool(typed.query)


@pytest.mark.parametrize("model", [BlogPost, Project, Skill, Policy, Certificate])
def test_every_kind_of_page_is_found_under_its_name(model):
    page = make_page(model, "Five pens")

    (hit,) = search("pens").hits

    assert (hit.model, hit.page, hit.path) == (model, page.pk, page.get_absolute_url())
    assert hit.kind.lower() == str(model._meta.verbose_name)


def test_a_product_and_a_client_are_found():
    make_product("Linocut")
    make_page(Project, "A wall", client="Transtejo", outcome="Nobody minds")

    assert [hit.kind for hit in search("linocut").hits] == ["Product"]
    assert titles("transtejo minds") == ["A wall"]


def test_only_what_is_live_at_this_moment_is_found(time_machine):
    day = timedelta(days=1)
    make_page(BlogPost, "Draft pens", live=False)
    make_page(BlogPost, "Coming pens", activate_date=START + day)
    make_page(BlogPost, "Going pens", activate_date=START - day, deactivate_date=START + day)
    make_page(BlogPost, "Gone pens", activate_date=START - 2 * day, deactivate_date=START)

    time_machine.move_to(START, tick=False)
    now, total = titles("pens"), search("pens").total
    time_machine.move_to(START + day, tick=False)

    assert (now, total) == (["Going pens"], 1)
    assert titles("pens") == ["Coming pens"]


def test_what_was_found_is_shown_with_its_words_marked_and_nothing_let_through():
    summary, text = "<i>Ink</i> & paper", "<p>Of &lt;script&gt; and paper.</p>"
    make_page(BlogPost, "<b>Pens</b>", description=summary, body=text)

    (by_title,), (by_summary,), (by_text,) = (
        search(typed).hits for typed in ("pens", "ink pap", "script pens")
    )

    assert by_title.title == "&lt;b&gt;<mark>Pens</mark>&lt;/b&gt;"
    assert by_title.excerpt == "&lt;i&gt;Ink&lt;/i&gt; &amp; paper"
    assert by_summary.excerpt == "&lt;i&gt;<mark>Ink</mark>&lt;/i&gt; &amp; <mark>paper</mark>"
    assert by_text.excerpt == "Of &lt;<mark>script</mark>&gt; and paper."


def test_of_a_long_text_the_part_with_the_word_is_shown():
    before, after = "before " * 200, " after" * 200
    make_page(BlogPost, "A post", body=f"<p>{before}needle{after}</p>")

    (hit,) = search("needle").hits

    assert hit.excerpt.startswith("… before ")
    assert " <mark>needle</mark> after" in hit.excerpt
    assert hit.excerpt.endswith("after …")
    assert len(hit.excerpt) < 300


def test_of_a_long_text_without_spaces_a_part_is_shown_too():
    make_page(BlogPost, "A post", body=f"<p>{'東' * 500}京{'東' * 500}</p>")

    (hit,) = search("京").hits

    assert "<mark>京</mark>" in hit.excerpt
    assert len(hit.excerpt) < 300


def many_posts(number: int, **fields: object) -> None:
    """The first the newest; each says "common", a word of its own, and much else."""
    rows = []
    for each in range(number):
        told = " ".join(f"word{each % 97}x{place}" for place in range(150))
        published = START - timedelta(hours=each)
        rows.append(BlogPost(
            title=f"Common post {each}", slug=f"post-{each}", body=f"<p>common rare{each}x {told}</p>",
            status=BlogPost.Status.PUBLISHED, activate_date=published, **fields,
        ))  # fmt: skip
    BlogPost.objects.bulk_create(rows, batch_size=500)


def test_pages_of_hits_follow_one_another_and_end():
    many_posts(A_PAGE + 3)

    first, second, third = (search("common", page=number) for number in (1, 2, 3))

    assert [hit.title for hit in first.hits][:1] == ["<mark>Common</mark> post 0"]
    assert (len(first.hits), len(second.hits), len(third.hits)) == (A_PAGE, 3, 0)
    assert {hit.page for hit in first.hits} & {hit.page for hit in second.hits} == set()
    assert (first.total, first.has_more, second.has_more) == (A_PAGE + 3, True, False)


def test_of_a_word_on_very_many_pages_only_so_many_are_looked_at(monkeypatch):
    monkeypatch.setattr(search_module, "MOST", 10)
    many_posts(9)
    make_page(BlogPost, "Older", body="common", activate_date=START - timedelta(days=900))
    exact = search("common")
    make_page(BlogPost, "Oldest", body="common", activate_date=START - timedelta(days=999))

    cut = search("common")

    assert (exact.total, exact.is_cut) == (10, True)
    assert search("rare3").is_cut is False
    # Those with the word in the title have a share of their own.
    assert (cut.total, cut.is_cut) == (11, True)
    assert [hit.title for hit in cut.hits][-2:] == ["Older", "Oldest"]


@pytest.mark.parametrize("many", [10, count(2_000, 20_000)])
def test_a_search_is_one_query_through_the_index(many):
    many_posts(many)

    for typed, total in (("rare7x", 1), ("rare7x common", 1), ("nowhere", 0)):
        with CaptureQueriesContext(connection) as queries:
            found = search(typed)

        assert (found.total, len(queries)) == (total, 1)
        if many > 10:  # a handful of rows PostgreSQL rather reads through
            assert_index_is_used(queries[0]["sql"])


def assert_index_is_used(statement: str) -> None:
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement.replace('%', '%%')}")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())

    if connection.vendor == "postgresql":
        assert plan.count("Bitmap Index Scan on core_search_index_words") == 3
        assert "Seq Scan" not in plan
    else:
        assert plan.count("core_search_index VIRTUAL TABLE INDEX") == 3
        assert plan.count("SEARCH entry USING INTEGER PRIMARY KEY") == 2
        assert "SCAN entry" not in plan


def test_the_clock_is_asked_for_each_search(monkeypatch):
    make_page(BlogPost, "Pens")
    assert titles("pens") == ["Pens"]

    monkeypatch.setattr(timezone, "now", lambda: START - timedelta(days=9_000))

    assert titles("pens") == []
