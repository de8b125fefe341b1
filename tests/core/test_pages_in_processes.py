"""What one process changes, every other shows on the next request."""

import pytest
import requests

from shopfolio.core import page_cache
from shopfolio.core.models import Profile
from shopfolio.ecommerce.services import stock
from tests.factories import make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


def texts(servers, path):
    return [requests.get(f"{server.url}{path}", timeout=10).text for server in servers]


def test_all_servers_show_at_once_what_one_process_has_changed(programs):
    make_shop()
    variant = make_variant(make_product("Print"), available=3)
    servers = [programs.start_web(), programs.start_web()]
    assert all("3 left" in text for text in texts(servers, "/shop/"))

    # Past every service: nobody is told, so that the pages stay as they are. They are kept.
    Profile.objects.update(name="Somebody Else")
    assert not any("Somebody Else" in text for text in texts(servers, "/shop/"))

    for left, words in ((2, "2 left"), (1, "1 left"), (0, "Sold out")):
        stock.correct(variant.pk, -1)
        assert all(words in text for text in texts(servers, "/shop/")), left
        assert all(words in text for text in texts(servers, "/shop/print/")), left
    assert all("Somebody Else" in text for text in texts(servers, "/shop/"))

    Profile.objects.update(name="Ines Calder")
    page_cache.bump()
    assert all("Ines Calder" in text for text in texts(servers, "/"))
