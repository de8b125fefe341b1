import threading

import pytest
from django.db import connection

from shopfolio.core import search_index
from shopfolio.core.models import BlogPost
from shopfolio.core.models import search as entries
from shopfolio.core.search import search
from tests.factories import make_page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


def test_who_saves_a_page_while_the_search_is_put_right_has_the_last_word(monkeypatch):
    post = make_page(BlogPost, "Five pens")
    has_read, has_saved = threading.Event(), threading.Event()
    keep = entries.keep

    def keep_slowly(pages: list[BlogPost]) -> None:
        has_read.set()
        has_saved.wait(0.5)  # where the pages are locked, it waits for us instead
        keep(pages)

    def save() -> None:
        has_read.wait(5)
        monkeypatch.setattr(entries, "keep", keep)
        try:
            post.title = "Five brushes"
            post.save()
        finally:
            has_saved.set()
            connection.close()

    monkeypatch.setattr(entries, "keep", keep_slowly)
    writer = threading.Thread(target=save)
    writer.start()
    entries.reindex(BlogPost, [post.pk])
    writer.join()

    assert (search("pens").total, search("brushes").total) == (0, 1)
    BlogPost.objects.all().delete()
    search_index.remove_strays()
