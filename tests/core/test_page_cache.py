"""The generation of the public pages, and the kept pages that holds one generation's."""

import threading
from types import SimpleNamespace

import pytest

from shopfolio.core import page_cache, whole_pages
from shopfolio.core.models import Profile
from shopfolio.core.whole_pages import KeptPage, KeptPages
from tests.factories import make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def page_of(size):
    return KeptPage(body=b"x" * size, headers={}, match=None, until=float("inf"))


def test_two_changes_in_a_row_are_two_generations():
    seen = set()
    for _ in range(100):
        page_cache._bump()
        seen.add(page_cache.generation())

    assert len(seen) == 100


def test_a_request_asks_for_the_generation_once(client, monkeypatch):
    make_shop()
    for _ in range(5):
        make_variant()
    asked, current = [], page_cache._current
    monkeypatch.setattr(page_cache, "_current", lambda: asked.append(1) or current())

    client.get("/shop/")

    assert len(asked) == 1


def test_who_changes_something_reads_it_in_the_same_request(client, monkeypatch):
    seen = []

    def change(request):
        seen.append(page_cache.generation())
        page_cache._bump()
        seen.append(page_cache.generation())

    page_cache.GenerationMiddleware(change)(SimpleNamespace(method="GET"))

    assert seen[0] != seen[1] == page_cache.generation()


def test_pages_are_made_anew_while_redis_does_not_answer(client, settings, monkeypatch):
    make_shop()
    monkeypatch.setattr(whole_pages, "LIVES", 50)
    settings.CACHE_URL = "redis://127.0.0.1:1/1"
    Profile.objects.update(name="Before")
    assert b"Before" in client.get("/").content
    Profile.objects.update(name="After")

    assert b"After" in client.get("/").content


def test_the_shelf_holds_so_many_bytes_and_forgets_what_nobody_asks_for(monkeypatch):
    monkeypatch.setattr(whole_pages, "MOST_BYTES", 50_000)
    kept_pages, page = KeptPages(), page_of(1_000)

    kept_pages.find(("0",), "now")
    for number in range(1_000):
        kept_pages.put((str(number),), page, "now")
        kept_pages.find(("0",), "now")

    assert len(kept_pages) == 10
    assert kept_pages.find(("0",), "now") == page
    assert kept_pages.find(("1",), "now") is None
    assert kept_pages.find(("999",), "now") == page


def test_another_generation_empties_the_shelf():
    kept_pages = KeptPages()
    kept_pages.find(("a",), "now")
    kept_pages.put(("a",), page_of(1), "now")

    assert kept_pages.find(("a",), "later") is None
    assert len(kept_pages) == 0


def test_a_page_larger_than_the_shelf_is_not_kept(monkeypatch):
    monkeypatch.setattr(whole_pages, "MOST_BYTES", 100)
    kept_pages = KeptPages()
    kept_pages.find(("a",), "now")

    kept_pages.put(("a",), page_of(200), "now")

    assert len(kept_pages) == 0


def test_threads_do_not_lose_count_of_the_shelf(monkeypatch):
    monkeypatch.setattr(whole_pages, "MOST_BYTES", 30_000)
    kept_pages, pages = KeptPages(), [page_of(size) for size in (1, 500, 2_000)]

    def work(seed):
        for number in range(2_000):
            key = (str((number * seed) % 17),)
            kept_pages.find(key, "now")
            kept_pages.put(key, pages[number % 3], "now")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (3, 5, 7, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 0 < kept_pages._bytes == sum(page.size for page in kept_pages._pages.values()) <= 30_000
