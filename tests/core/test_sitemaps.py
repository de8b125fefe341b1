"""The sitemap: an index, and parts of a thousand addresses."""

import re

import pytest

from shopfolio.core import sitemaps
from shopfolio.core.models import BlogPost, Policy, Project, Skill
from tests.factories import make_page, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

OURS = "http://127.0.0.1:8000"


def locations(client, path):
    """What a sitemap names; the Host header never decides it."""
    answer = client.get(path, headers={"host": "localhost"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/xml")
    return re.findall("<loc>(.*?)</loc>", answer.content.decode())


def test_a_new_site_has_its_fixed_pages_only(client):
    paths = [
        "/",
        "/resume/",
        "/portfolio/",
        "/blog/",
        "/testimonials/",
        "/contact/",
        "/newsletter/",
        "/shop/",
    ]

    assert locations(client, "/sitemap.xml") == [f"{OURS}/sitemap-site-1.xml"]
    assert locations(client, "/sitemap-site-1.xml") == [f"{OURS}{path}" for path in paths]


def test_live_pages_of_every_kind_are_in_it_by_their_public_address(client):
    pages = [make_page(model, "One & only") for model in (Project, Skill, BlogPost, Policy)]
    pages.append(make_product("日本"))
    make_page(Project, "Hidden", live=False)

    parts = [part.removeprefix(OURS) for part in locations(client, "/sitemap.xml")]

    assert parts[1:] == [f"/sitemap-{kind}-1.xml" for kind in sitemaps.MODELS]
    found = [location for part in parts[1:] for location in locations(client, part)]
    assert sorted(found) == sorted(f"{OURS}{page.get_absolute_url()}" for page in pages)


def test_a_page_tells_when_it_changed(client):
    post = make_page(BlogPost, "Tide")

    text = client.get("/sitemap-posts-1.xml").content.decode()

    assert f"<lastmod>{post.modified:%Y-%m-%d}</lastmod>" in text


def test_many_pages_are_told_in_parts_each_once(client, monkeypatch):
    monkeypatch.setattr(sitemaps, "A_PART", 3)
    pages = [make_page(BlogPost, f"Post {number}", live=number != 4) for number in range(8)]

    parts = [part.removeprefix(OURS) for part in locations(client, "/sitemap.xml")[1:]]

    assert parts == ["/sitemap-posts-1.xml", "/sitemap-posts-2.xml", "/sitemap-posts-3.xml"]
    assert [len(locations(client, part)) for part in parts] == [3, 2, 2]
    found = [location for part in parts for location in locations(client, part)]
    assert found == [f"{OURS}{page.get_absolute_url()}" for page in pages if page.is_live]


def test_pages_that_are_all_drafts_have_no_part(client):
    make_page(BlogPost, "Hidden", live=False)

    assert locations(client, "/sitemap.xml") == [f"{OURS}/sitemap-site-1.xml"]
    assert client.get("/sitemap-posts-1.xml").status_code == 404


@pytest.mark.parametrize("part", ["posts-2", "posts-0", "site-2", "nothing-1", f"posts-{'9' * 30}"])
def test_a_part_that_is_not_there_is_not_found(client, part):
    make_page(BlogPost, "Tide")

    assert client.get(f"/sitemap-{part}.xml").status_code == 404
