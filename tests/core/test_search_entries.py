"""What the search knows follows every way in which a page can change."""

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shopfolio.core import search_index
from shopfolio.core.models import BlogPost, Project, SearchEntry
from shopfolio.core.models import search as entries
from shopfolio.core.models.search import heal, searchables
from shopfolio.core.search import search
from shopfolio.core.tasks import heal_search
from shopfolio.ecommerce.models import Product
from tests.factories import make_page, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

DRAFT, PUBLISHED = BlogPost.Status.DRAFT, BlogPost.Status.PUBLISHED


@pytest.fixture(autouse=True)
def _no_strays():
    """A test that commits empties its tables afterwards, but not the index beside them."""
    search_index.remove_strays()


def paths(text: str) -> list[str]:
    return [hit.path for hit in search(text).hits]


def rows_in_index() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM core_search_index")
        return cursor.fetchone()[0]


def change(statement: str, *parameters: object) -> None:
    """Behind the back of every model."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_every_page_with_an_address_is_searchable():
    names = {model.__name__ for model in searchables()}

    assert names == {"BlogPost", "Certificate", "Policy", "Product", "Project", "Skill"}


def test_a_saved_change_is_found_and_what_was_there_no_longer():
    post = make_page(BlogPost, "Five pens", body="<p>Ink.</p>")
    post.title, post.body, post.slug = "Five brushes", "<p>Paint.</p>", "brushes"
    post.save()

    assert (paths("pens"), paths("ink")) == ([], [])
    assert paths("brushes paint") == ["/blog/brushes/"]
    assert (SearchEntry.objects.count(), rows_in_index()) == (1, 1)


def test_a_draft_is_known_to_nobody():
    post = make_page(BlogPost, "Five pens", live=False)
    assert SearchEntry.objects.count() == 0

    post.status = PUBLISHED
    post.save(update_fields=["status"])
    published = paths("pens")
    post.status = DRAFT
    post.save()

    assert published == ["/blog/five-pens/"]
    assert (SearchEntry.objects.count(), rows_in_index()) == (0, 0)


def test_what_was_not_saved_is_not_found():
    post = make_page(BlogPost, "Five pens")
    post.title = "Five brushes"
    post.save(update_fields=["deactivate_date"])

    assert (paths("pens"), paths("brushes")) == (["/blog/five-pens/"], [])


def test_what_was_undone_is_not_found():
    with transaction.atomic():
        make_page(BlogPost, "Five pens")
        transaction.set_rollback(True)

    assert (SearchEntry.objects.count(), rows_in_index()) == (0, 0)


@pytest.mark.parametrize("delete", [lambda post: post.delete(), lambda post: BlogPost.objects.all().delete()])
def test_a_deleted_page_is_forgotten(delete):
    post, other = make_page(BlogPost, "Five pens"), make_page(Project, "Six pens")

    delete(post)

    assert paths("pens") == [other.get_absolute_url()]
    assert (SearchEntry.objects.count(), rows_in_index()) == (1, 1)


def test_a_page_is_locked_before_its_entry_however_it_changes():
    post = make_page(BlogPost, "Five pens")
    make_page(BlogPost, "Six pens")

    with CaptureQueriesContext(connection) as queries:
        post.save()
        post.delete()
        BlogPost.objects.all().delete()

    written = [re.search(r'^(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', query["sql"]) for query in queries]
    tables = [match[1] for match in written if match and match[1] in {"core_blogpost", "core_searchentry"}]
    assert tables == ["core_blogpost", "core_searchentry"] * 3


def test_many_at_once_are_found(monkeypatch):
    monkeypatch.setattr(entries, "A_BATCH", 2)
    now = timezone.now()
    made = {"status": PUBLISHED, "activate_date": now}
    rows = [BlogPost(title=f"Pen {number}", slug=f"pen-{number}", **made) for number in range(5)]
    BlogPost.objects.bulk_create([*rows, BlogPost(title="Pen draft", slug="pen-draft")])
    created = len(paths("pen"))

    changed = BlogPost.objects.filter(slug__in=["pen-0", "pen-1", "pen-2"]).update(title="Brush")
    for row in rows[3:]:
        row.title = "Crayon"
    BlogPost.objects.bulk_update(rows[3:], ["title"])
    gone = BlogPost.objects.filter(title="Crayon", slug="pen-3").update(status=DRAFT)

    assert (created, changed, gone) == (5, 3, 1)
    assert (paths("pen"), len(paths("brush")), paths("crayon")) == ([], 3, ["/blog/pen-4/"])
    assert rows_in_index() == SearchEntry.objects.count() == 4


def test_the_back_office_keeps_the_search_in_step(owner_client):
    post, other = make_page(BlogPost, "Five pens"), make_page(BlogPost, "Six pens")
    ask = {"_selected_action": [post.pk], "index": "0"}

    owner_client.post("/admin/core/blogpost/", ask | {"action": "unpublish"})
    unpublished = paths("pens")
    owner_client.post("/admin/core/blogpost/", ask | {"action": "publish"})
    published = set(paths("pens"))
    owner_client.post("/admin/core/blogpost/", ask | {"action": "delete_selected", "post": "yes"})

    assert unpublished == [other.get_absolute_url()]
    assert published == {post.get_absolute_url(), other.get_absolute_url()}
    assert paths("pens") == [other.get_absolute_url()]


def test_the_nightly_job_puts_right_what_changed_behind_the_models_back(monkeypatch):
    monkeypatch.setattr(entries, "A_BATCH", 2)
    titles = ["kept", "renamed", "hidden", "deleted", "over", "wordless", "unknown"]
    posts = {title: make_page(BlogPost, f"pens {title}") for title in titles}
    product, now = make_product("pens of wood"), timezone.now()
    change("UPDATE core_blogpost SET title = 'brushes', modified = %s WHERE slug = 'pens-renamed'", now)
    change("UPDATE core_blogpost SET status = 0 WHERE slug = 'pens-hidden'")
    change("DELETE FROM core_blogpost WHERE slug = 'pens-deleted'")
    change("UPDATE core_blogpost SET deactivate_date = %s WHERE slug = 'pens-over'", now - timedelta(days=1))
    search_index.remove([SearchEntry.objects.get(page=posts["wordless"].pk).pk])
    SearchEntry.objects.filter(page=posts["unknown"].pk).delete()
    drifted = heal_search_and_count()

    again = heal_search_and_count()

    expected = {posts[title].get_absolute_url() for title in ("kept", "wordless", "unknown")}
    assert set(paths("pens")) == expected | {product.get_absolute_url()}
    assert paths("brushes") == ["/blog/pens-renamed/"]
    assert rows_in_index() == SearchEntry.objects.count() == 6
    assert (drifted, again) == ({BlogPost: 6, Product: 0}, {BlogPost: 0, Product: 0})


def heal_search_and_count() -> dict[type, int]:
    wrong = {model: heal(model) for model in (BlogPost, Product)}
    heal_search()
    return wrong


def test_an_older_site_is_searchable_after_the_first_night():
    make_page(BlogPost, "Five pens")
    change("DELETE FROM core_searchentry")
    change("DELETE FROM core_search_index")

    heal_search()

    assert paths("pens") == ["/blog/five-pens/"]
