"""/search/: what a visitor sees of the search."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import time_machine
from redis import RedisError

from shopfolio.core import search as search_module
from shopfolio.core.models import BlogPost, Policy, Profile, Project, Skill
from shopfolio.core.search import A_PAGE
from shopfolio.core.views import search as search_view
from shopfolio.users import limits
from tests.factories import make_page, make_product, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def page_of(client, **asked: object) -> str:
    response = client.get("/search/", asked)
    assert response.status_code == 200
    return response.content.decode()


def test_without_a_query_the_page_asks_for_one_and_costs_nothing(client, django_assert_num_queries):
    page_of(client)

    with django_assert_num_queries(0):
        page = page_of(client)

    assert '<input type="search" id="search" name="q" value="" maxlength="200"' in page
    assert '<label for="search">Search the site</label>' in page
    assert "Nothing found" not in page


def test_a_hit_says_what_it_is_and_leads_there(client):
    Profile.objects.create(pk=Profile.ID, name="Ines Calder", currency="EUR")
    make_page(BlogPost, "Five pens", activate_date=datetime(2026, 3, 1, tzinfo=UTC))
    product = make_product("Pens of wood")
    make_variant(product, price=4_500)
    make_variant(product, price=2_000)
    make_variant(product, price=1, status="retired")
    make_page(Policy, "Terms of pens")

    page = page_of(client, q="pens")

    assert "3 pages found" in page
    assert '<a href="/blog/five-pens/">Five <mark>pens</mark></a>' in page
    assert '<time datetime="2026-03-01">1 March 2026</time>' in page
    assert "From €20.00" in page
    assert page.count("<time ") == 1
    assert {"Post", "Product", "Policy"} == set(re.findall(r'<p class="small soft">(\w+)</p><div>', page))


def test_what_was_typed_stays_in_the_field_and_does_nothing_else(client):
    typed = '"><script>alert(1)</script>'

    page = page_of(client, q=typed)

    assert typed not in page
    assert 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page
    assert "<title>Search: &quot;&gt;&lt;script&gt;" in page


def test_nothing_found_shows_ways_on(client):
    make_page(BlogPost, "Five pens")

    page = page_of(client, q="brushes")

    assert "Nothing found" in page
    assert "No page has all of these words." in page
    assert '<h3><a href="/blog/">Writing</a></h3>' in page


def test_signs_without_a_word_are_told_so(client):
    assert "There is no word in this to look for." in page_of(client, q="?!")


@pytest.mark.parametrize("typed", ["%01", "%ff%fe", "%ed%a0%80", "a%0Ab", "+", "x" * 8_000])
def test_no_address_breaks_the_page(client, typed):
    assert client.get(f"/search/?q={typed}").status_code == 200


def test_the_pager_keeps_the_query(client):
    for number in range(A_PAGE + 1):
        make_page(BlogPost, f"Pen & paper {number}")

    first, second = page_of(client, q="pen & pap"), page_of(client, q="pen & pap", page=2)

    assert f'rel="next" href="?q={quote("pen & pap")}&amp;page=2"' in first
    assert 'rel="prev"' not in first
    assert f'rel="prev" href="?q={quote("pen & pap")}&amp;page=1"' in second
    assert "Next page" not in second
    assert f"{A_PAGE + 1} pages found" in second
    assert "<title>Search: pen &amp; pap, page 2" in second


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "999999"])
def test_a_page_of_hits_that_is_not_there_is_not_found(client, number):
    make_page(BlogPost, "Five pens")

    assert client.get("/search/", {"q": "pens", "page": number}).status_code == 404


def test_very_many_hits_are_not_counted_to_the_last(client, monkeypatch):
    monkeypatch.setattr(search_module, "MOST", 2)
    for number in range(3):
        make_page(BlogPost, f"Pen {number}")

    assert "A thousand and more found" in page_of(client, q="pen")


@pytest.mark.parametrize("many", [1, 30])
def test_a_search_costs_two_queries_however_much_is_found(client, django_assert_max_num_queries, many):
    for number in range(many):
        make_variant(make_product(f"Pen {number}"))
        for model in (BlogPost, Project, Skill):
            make_page(model, f"Pen {number}")
    page_of(client, q="pen")

    with django_assert_max_num_queries(2):
        page = page_of(client, q="pen")

    assert page.count("<mark>Pen</mark>") == min(4 * many, A_PAGE)


def test_a_draft_is_found_by_nobody_staff_included(client, owner_client):
    make_page(BlogPost, "Pens to come", live=False)
    make_page(BlogPost, "Pens tomorrow", activate_date=datetime.now(UTC) + timedelta(days=1))

    assert "Nothing found" in page_of(owner_client, q="pens")
    owner_client.logout()
    assert "Nothing found" in page_of(client, q="pens")


def test_search_engines_leave_it_alone(client):
    page, robots = page_of(client, q="pens"), client.get("/robots.txt").content.decode()

    assert '<meta name="robots" content="noindex">' in page
    assert 'rel="canonical"' not in page
    assert "Disallow: /search/\n" in robots
    assert "/search/" not in client.get("/sitemap.xml").content.decode()


def test_every_page_leads_to_the_search_and_a_lost_visitor_may_type_at_once(client):
    assert '<a href="/search/">Search</a>' in client.get("/contact/").content.decode()

    lost = client.get("/nowhere/")

    assert lost.status_code == 404
    assert '<form class="inline" role="search" action="/search/">' in lost.content.decode()


def test_it_takes_no_other_method(client):
    assert client.post("/search/", {"q": "pens"}).status_code == 405


def test_who_searches_as_if_by_machine_is_asked_to_wait(client, monkeypatch):
    monkeypatch.setattr(search_view, "SEARCHES", 3)
    with time_machine.travel(datetime(2026, 11, 24, 3, 0, 17, tzinfo=UTC), tick=False) as clock:
        for number in range(3):
            page_of(client, q=f"pens {number}")

        refused = client.get("/search/", {"q": "more pens"})
        neighbour = client.get("/search/", {"q": "more"}, headers={"X-Forwarded-For": "203.0.113.5"})
        empty = client.get("/search/")
        clock.shift(timedelta(seconds=43))
        later = client.get("/search/", {"q": "more pens"})

    assert (refused.status_code, refused["Retry-After"]) == (429, "43")
    assert "That was a lot at once." in refused.content.decode()
    assert [answer.status_code for answer in (neighbour, empty, later)] == [200, 200, 200]


def test_counting_searches_asks_the_database_for_nothing(client, django_assert_num_queries):
    page_of(client, q="pens")

    with django_assert_num_queries(1):  # the search's own, which finds nothing
        page_of(client, q="brushes")


def test_while_nothing_can_count_everybody_may_search(client, monkeypatch):
    def away(*args):
        raise RedisError

    monkeypatch.setattr(search_view, "SEARCHES", 0)
    assert client.get("/search/", {"q": "ink"}).status_code == 429
    monkeypatch.setattr(limits, "cache", SimpleNamespace(add=away, incr=away))

    page_of(client, q="pens")
