import importlib
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import RequestFactory
from django.urls import NoReverseMatch, clear_url_caches, reverse

from shopfolio.ecommerce import urls
from shopfolio.ecommerce.views.styleguide import styleguide
from tests.factories import make_product, make_variant

pytestmark = pytest.mark.django_db

CSS = Path(str(finders.find("shopfolio/site.css")))
LAYERS = re.split(r"@layer (\w+) \{", CSS.read_text())
PARTS = LAYERS[LAYERS.index("parts") + 1]


def components():
    """The names with which the rules of the stylesheet's parts begin."""
    return set(re.findall(r"^\t\.([a-z]+)", PARTS, re.MULTILINE))


def page():
    return styleguide(RequestFactory().get("/styleguide/")).content.decode()


def test_every_component_of_the_stylesheet_is_shown():
    make_variant(make_product("Tide Table"))
    shown = {name for names in re.findall(r'class="([^"]*)"', page()) for name in names.split()}

    assert components() <= shown


def test_an_empty_shop_has_one_too():
    assert "No picture" in page()


def test_visitors_have_no_such_page(client):
    with pytest.raises(NoReverseMatch):
        reverse("ecommerce:styleguide")
    assert client.get("/styleguide/").status_code == 404


def test_whoever_builds_the_site_has(client, settings):
    settings.DEBUG = True
    try:
        importlib.reload(urls)
        clear_url_caches()
        assert any(pattern.name == "styleguide" for pattern in urls.urlpatterns)
    finally:
        settings.DEBUG = False
        importlib.reload(urls)
        clear_url_caches()
