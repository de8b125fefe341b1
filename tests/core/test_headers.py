"""What every answer says to the browser about itself, and whose cookies are whose."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from whitenoise.middleware import WhiteNoiseMiddleware

from shopfolio.core.whole_pages import OUR_COOKIES
from tests import addresses
from tests.factories import make_owner, make_product, make_variant

pytestmark = pytest.mark.django_db

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def lacks(answer):
    """Which of the headers an answer has not, or has otherwise."""
    wrong = {name for name, value in EXPECTED.items() if answer.get(name) != value}
    policy = answer.get("Content-Security-Policy", "").split("; ")
    if not {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy):
        wrong.add("Content-Security-Policy")
    if "camera=()" not in answer.get("Permissions-Policy", ""):
        wrong.add("Permissions-Policy")
    if "Access-Control-Allow-Origin" in answer:  # no other site's script reads anything here
        wrong.add("Access-Control-Allow-Origin")
    return wrong


@pytest.mark.parametrize("address", addresses.addresses(addresses.PUBLIC | addresses.NOBODY_ELSES))
def test_every_address_answers_with_the_headers(client, address):
    assert lacks(client.get(address)) == set()
    assert lacks(client.post(address)) == set()


@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/core/blogpost/add/", "/admin/jsi18n/", "/admin/none/"]
)
def test_the_back_office_answers_with_the_headers(owner_client, address):
    assert lacks(owner_client.get(address)) == set()


def test_a_picture_has_the_headers(client):
    path = default_storage.save("pictures/test/a-480.webp", ContentFile(b"\x89PNG"))

    answer = client.get(f"/media/{path}")

    assert answer.status_code == 200
    assert lacks(answer) == set()
    default_storage.delete(path)


def test_a_static_file_has_the_headers(client, settings, monkeypatch, tmp_path):
    (tmp_path / "site.css").write_text("body {}")
    settings.STATIC_ROOT, settings.WHITENOISE_USE_FINDERS, settings.WHITENOISE_AUTOREFRESH = (
        tmp_path,
        False,
        True,
    )

    answer = client.get("/static/site.css")

    assert answer.status_code == 200
    assert b"".join(answer) == b"body {}"
    assert lacks(answer) == set()


def break_down(*args):
    raise ZeroDivisionError


@pytest.mark.parametrize("layer", [WhiteNoiseMiddleware])
def test_an_answer_to_what_broke_early_has_the_headers(client, monkeypatch, layer):
    client.raise_request_exception = False
    monkeypatch.setattr(layer, "__call__", break_down)

    answer = client.get("/")

    assert answer.status_code == 500
    assert lacks(answer) == set()


def test_an_address_with_a_wrong_host_has_the_headers(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert lacks(answer) == set()


def test_private_pages_are_kept_nowhere(client, owner_client):
    private = addresses.NOBODY_ELSES.keys() - {"core:picture", "core:look"}
    for name in private:
        [address] = addresses.addresses({name: addresses.NOBODY_ELSES[name]})
        for browser in (client, owner_client):
            assert "no-store" in browser.get(address)["Cache-Control"], name
    for address in ("/admin/", "/admin/ecommerce/order/", "/admin/none/"):
        assert "no-store" in owner_client.get(address)["Cache-Control"], address


@pytest.fixture(scope="module")
def open_site(tmp_path_factory) -> dict:
    """What the settings of a site with https come to."""
    ask = """
import django, json, os
django.setup()
from django.conf import settings
from django.test import Client
from shopfolio.core.message_storage import MessageCookie
from shopfolio.core.whole_pages import OUR_COOKIES
from shopfolio.ecommerce.models.cart import CartCookie
from django.http import HttpResponse
from uuid import UUID
cart = HttpResponse()
CartCookie(UUID(int=1), 1).write(cart)
to_https = Client().get("/contact/", headers={"Host": "ines.example"})
secure = Client().get("/health/live", headers={"Host": "ines.example"}, secure=True)
print(json.dumps({
    "names": [
        settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, MessageCookie.cookie_name, CartCookie.NAME
    ],
    "known": sorted(OUR_COOKIES),
    "flags": [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY,
              settings.CSRF_COOKIE_HTTPONLY],
    "paths": [settings.SESSION_COOKIE_PATH, settings.CSRF_COOKIE_PATH],
    "domains": [settings.SESSION_COOKIE_DOMAIN, settings.CSRF_COOKIE_DOMAIN],
    "cart": cart.cookies.output(header="").strip(),
    "redirect": [to_https.status_code, to_https["Location"]],
    "hsts": secure.get("Strict-Transport-Security"),
}))
"""
    environment = {
        "DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "SITE_URL": "https://ines.example",
        "LOG_FORMAT": "json",
        "DJANGO_SETTINGS_MODULE": "shopfolio.settings",
    }
    run = subprocess.run(
        [sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    return json.loads(run.stdout.splitlines()[-1])


def test_on_https_every_cookie_is_bound_to_this_host(open_site):
    assert open_site["names"] == ["__Host-sessionid", "__Host-csrftoken", "__Host-messages", "__Host-cart"]
    assert open_site["flags"] == [True] * 4
    assert open_site["paths"] == ["/", "/"]
    assert open_site["domains"] == [None, None]
    parts = {part.strip().partition("=")[0] for part in open_site["cart"].split(";")}
    assert parts == {"__Host-cart", "expires", "HttpOnly", "Max-Age", "Path", "SameSite", "Secure"}
    assert "Path=/;" in open_site["cart"]


def test_on_https_the_cache_knows_the_cookies_by_their_names(open_site):
    assert open_site["known"] == sorted(open_site["names"])


def test_on_https_browsers_are_sent_there_and_told_to_stay(open_site):
    assert open_site["redirect"] == [301, "https://ines.example/contact/"]
    assert open_site["hsts"] == "max-age=31536000"


def test_without_https_the_cookies_have_plain_names():
    assert {"sessionid", "csrftoken", "messages", "cart"} == OUR_COOKIES


def test_no_cookie_is_read_by_scripts(client):
    make_owner(email="ines@example.org", password="a long enough password")
    client.get("/account/login/")
    client.post("/account/login/", {"login": "ines@example.org", "password": "a long enough password"})
    client.post("/cart/add/print/", {"variant": str(make_variant(make_product("Print")).pk)})

    assert len(client.cookies) >= 3
    for name, cookie in client.cookies.items():
        assert (name, cookie["httponly"], cookie["samesite"]) == (name, True, "Lax")
        assert (cookie["domain"], cookie["path"]) == ("", "/")
