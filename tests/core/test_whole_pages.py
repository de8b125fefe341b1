"""Public pages are kept whole: who gets a kept one, what it holds, and when it is made anew."""

import gzip
from types import SimpleNamespace

import brotli
import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from shopfolio.core import page_cache, whole_pages
from shopfolio.core.whole_pages import KeptPage, best_encoding, kept_pages, may_be_kept
from shopfolio.ecommerce.services import stock
from tests import addresses
from tests.everything import add_pages
from tests.factories import (
    carry_cart,
    make_cart,
    make_owner,
    make_post,
    make_product,
    make_shop,
    make_variant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture(autouse=True)
def _keeping(monkeypatch):
    monkeypatch.setattr(whole_pages, "LIVES", 50)


@pytest.fixture
def content():
    """A row behind every address of tests.addresses."""
    add_pages()


def asked_of_the_database(client, address, **headers):
    """How many queries the page took: none when it was kept."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(address, headers=headers)
    return len(queries)


def headers_of(answer):
    """All but the one that is each request's own."""
    return {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}


def test_the_tables_of_addresses_name_every_address():
    assert sorted(addresses.names()) == sorted([*addresses.PUBLIC, *addresses.NOBODY_ELSES])


@pytest.mark.parametrize("name", addresses.PUBLIC)
def test_a_public_page_is_made_once_for_everybody(client, content, name, django_assert_num_queries):
    [address] = addresses.addresses({name: addresses.PUBLIC[name]})

    first = client.get(address)
    with django_assert_num_queries(0):
        second = Client().get(address)

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.content == first.content
    assert len(kept_pages) == 1


@pytest.mark.parametrize("name", addresses.NOBODY_ELSES)
def test_nothing_else_is_kept(client, content, name):
    [address] = addresses.addresses({name: addresses.NOBODY_ELSES[name]})

    client.get(address)
    client.head(address)
    client.post(address)

    assert len(kept_pages) == 0


def test_the_back_office_is_not_kept(owner_client):
    owner_client.get("/admin/")
    Client().get("/admin/")

    assert len(kept_pages) == 0


def test_a_kept_page_tells_the_same_headers_as_a_fresh_one(client, content):
    for address in addresses.addresses(addresses.PUBLIC):
        fresh, kept = client.get(address), client.get(address)

        assert headers_of(kept) == headers_of(fresh)
        assert {
            "Content-Security-Policy",
            "X-Frame-Options",
            "X-Content-Type-Options",
            "Referrer-Policy",
        } < set(kept.headers)
        assert (kept["Cache-Control"], kept["Vary"]) == ("no-cache", "Accept-Encoding, Cookie")


def test_a_page_past_the_cache_lacks_only_what_keeping_adds(client, content):
    kept = Client().get("/shop/")
    client.cookies["cart"] = "x"

    passed_by = client.get("/shop/")

    assert set(kept.headers) - set(passed_by.headers) == {"ETag"}
    assert set(passed_by.headers) <= set(kept.headers)
    assert passed_by["Content-Security-Policy"] == kept["Content-Security-Policy"]


def test_who_has_the_page_already_is_told_so(client, content):
    tag = client.get("/shop/")["ETag"]

    for stated in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client.get("/shop/", headers={"If-None-Match": stated})

        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
        assert (answer["Cache-Control"], answer["Vary"]) == ("no-cache", "Accept-Encoding, Cookie")

    assert client.get("/shop/", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_page_with_other_headers_is_another_page(client, content, settings):
    before = client.get("/shop/")
    settings.X_FRAME_OPTIONS = "SAMEORIGIN"
    kept_pages.clear()

    after = client.get("/shop/", headers={"If-None-Match": before["ETag"]})

    assert after.content == before.content
    assert (after.status_code, after["X-Frame-Options"]) == (200, "SAMEORIGIN")


def test_every_process_gives_a_page_the_same_tag():
    orders = ("default-src 'none'; img-src 'self'", "img-src 'self'; default-src 'none'")
    pages = [with_header("Content-Security-Policy", order) for order in orders]

    tags = {KeptPage.of(page, "br", None, until=0).headers["ETag"] for page in pages}

    assert len(tags) == 1


def test_a_page_comes_compressed_as_the_browser_takes_it(client, content):
    plain = client.get("/shop/")
    brotlied = client.get("/shop/", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    gzipped = client.get("/shop/", headers={"Accept-Encoding": "gzip"})

    assert not plain.has_header("Content-Encoding")
    assert (brotlied["Content-Encoding"], gzipped["Content-Encoding"]) == ("br", "gzip")
    assert brotli.decompress(brotlied.content) == gzip.decompress(gzipped.content) == plain.content
    assert int(brotlied["Content-Length"]) == len(brotlied.content) < len(plain.content) / 2
    assert len({plain["ETag"], brotlied["ETag"], gzipped["ETag"]}) == 3


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"), ("gzip;q=1.0, br;q=0", "gzip"), ("br; q=0.000,gzip;Q=0", ""),
        ("GZip", "gzip"), ("br;q=0.1", "br"), ("identity", ""), ("", ""), ("*", ""), ("brr, xgzip", ""),
        (";;;,,=q", ""),
    ],
)  # fmt: skip
def test_the_encoding_is_one_that_the_browser_named(accepted, encoding):
    assert best_encoding(accepted) == encoding


def test_a_head_tells_what_a_get_would_and_is_made_from_the_same_page(
    client, content, django_assert_num_queries
):
    head = client.head("/shop/")
    with django_assert_num_queries(0):
        get = client.get("/shop/")
        second_head = client.head("/shop/")

    assert (head.content, second_head.content) == (b"", b"")
    assert headers_of(head) == headers_of(second_head) == headers_of(get)
    assert head["X-Request-ID"] != second_head["X-Request-ID"]
    assert (head.wsgi_request.method, second_head.resolver_match.route) == ("HEAD", "shop/")


@pytest.mark.parametrize("cookie", ["sessionid", "csrftoken", "messages", "cart"])
def test_who_brings_a_cookie_of_ours_passes_by_and_leaves_nothing(client, content, cookie):
    visitor = Client()
    visitor.cookies[cookie] = "x"

    answer = visitor.get("/shop/")
    assert len(kept_pages) == 0
    client.get("/shop/")

    assert asked_of_the_database(visitor, "/shop/") > 0
    assert answer["Cache-Control"].startswith("private")
    assert (answer["Vary"], answer.has_header("ETag")) == ("Cookie", False)
    assert not visitor.get("/shop/", headers={"Accept-Encoding": "br"}).has_header("Content-Encoding")


def test_a_strangers_cookie_changes_nothing(client, content):
    client.get("/shop/")
    visitor = Client()
    visitor.cookies["_ga"] = "GA1.1.1"

    assert asked_of_the_database(visitor, "/shop/") == 0


def test_every_cookie_that_the_site_sets_is_known_to_the_cache(client):
    make_owner(email="ines@example.org", password="a long enough password")
    fields = {"login": "ines@example.org", "password": "a long enough password"}
    client.get("/account/login/")
    client.post("/account/login/", fields)
    client.post("/cart/add/print/", {"variant": str(make_variant(make_product("Print")).pk)})

    assert set(client.cookies) <= whole_pages.OUR_COOKIES
    assert {"sessionid", "csrftoken", "cart"} <= set(client.cookies)


def test_a_buyer_reads_her_own_badge_and_a_visitor_none(client, content):
    visitor = Client()
    visitor.get("/shop/")
    carry_cart(client, make_cart((make_variant(), 37)))

    to_buyer = client.get("/shop/")

    assert b"<b>37</b>" in to_buyer.content
    assert to_buyer["Cache-Control"] == "private, no-cache"
    assert b"<b>37</b>" not in visitor.get("/shop/").content


def test_what_a_page_does_not_read_neither_reaches_it_nor_makes_another(client, content):
    plain = client.get("/blog/")

    marked = client.get("/blog/?utm_source=letter&fbclid=1&Page=3&page%00=2")
    fresh = client.get("/contact/?page=3&email=x")

    assert marked.content == plain.content
    assert dict(fresh.wsgi_request.GET) == {}
    assert len(kept_pages) == 2


def test_a_page_of_a_list_has_its_own_place_whatever_stands_around_its_number(client):
    for _ in range(21):
        make_post()

    first, second = client.get("/blog/"), client.get("/blog/?page=2")
    again = client.get("/blog/?a=1&page=2&b=2")

    assert again.content == second.content != first.content
    assert len(kept_pages) == 2


def test_of_too_many_parameters_none_is_read(client, content, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    plain = client.get("/blog/")

    assert client.get("/blog/?page=2&a&b&c&d").content == plain.content
    assert len(kept_pages) == 1


@pytest.mark.parametrize(
    "address", ["/blog/?page=2", "/blog/?page=abc", "/blog/no/", "/no/", "/blog", "/blog/%00/"]
)
def test_what_is_not_there_is_not_kept(client, content, address):
    answer = client.get(address)

    assert answer.status_code in {404, 301}
    assert len(kept_pages) == 0


@pytest.mark.parametrize("host", ["evil.example", "a b", "127.0.0.1:x"])
def test_a_host_that_is_not_ours_gets_no_kept_page_and_fills_nothing(client, content, host):
    answers = [client.get("/shop/", headers={"Host": host}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert len(kept_pages) == 0


def test_each_host_of_ours_has_pages_of_its_own(client, content):
    client.get("/shop/", headers={"Host": "127.0.0.1"})

    assert asked_of_the_database(client, "/shop/", Host="localhost") > 0
    assert asked_of_the_database(client, "/shop/", Host="LOCALHOST") == 0


def test_a_page_lives_a_minute_at_most(client, content, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: 1_000.0)
    monkeypatch.setattr(whole_pages, "time", clock)
    client.get("/shop/")

    clock.monotonic = lambda: 1_049.9
    assert asked_of_the_database(client, "/shop/") == 0
    clock.monotonic = lambda: 1_050.0
    assert asked_of_the_database(client, "/shop/") > 0

    from shopfolio.core.services import SITE_LIVES

    assert whole_pages.LIVES + SITE_LIVES <= 60


def test_who_is_told_not_modified_goes_on_with_the_policy_of_the_page(client, content):
    page = client.get("/contact/")

    answer = client.get("/contact/", headers={"If-None-Match": page["ETag"]})

    assert answer.status_code == 304
    assert "Content-Security-Policy" not in answer.headers
    changed = {name for name, value in answer.headers.items() if page.headers.get(name) != value}
    assert changed <= {"X-Request-ID", "Content-Length", "Date"}


def test_what_the_owner_saves_shows_on_the_next_request(
    owner_client, content, django_capture_on_commit_callbacks
):
    post = make_post("Tide tables", live=False)
    before = Client().get("/blog/").content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        fields = {"action": "publish", "_selected_action": str(post.pk)}
        answer = owner_client.post("/admin/core/blogpost/", fields)

    assert answer.status_code == 302
    assert "Tide tables" not in before
    assert "Tide tables" in Client().get("/blog/").content.decode()


def test_looking_and_what_visitors_send_leave_the_pages_where_they_are(
    owner_client, content, django_capture_on_commit_callbacks
):
    Client().get("/shop/")

    with django_capture_on_commit_callbacks(execute=True):
        owner_client.get("/admin/core/blogpost/")
        owner_client.post("/admin/core/nothing/")
        owner_client.post("/contact/", {"email": "ana@example.org", "name": "Ana", "message": "Hello"})

    assert asked_of_the_database(Client(), "/shop/") == 0


def test_a_sold_out_product_shows_at_once(client, django_capture_on_commit_callbacks):
    make_shop()
    variant = make_variant(make_product("Print"), available=3)
    assert "3 left" in client.get("/shop/").content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        stock.correct(variant.pk, -3)

    assert "Sold out" in client.get("/shop/").content.decode()
    assert "Sold out" in client.get("/shop/print/").content.decode()


def test_a_change_that_is_not_committed_leaves_the_pages_where_they_are(client, content):
    client.get("/shop/")

    stock.receive(make_variant(available=1).pk, 1)

    assert asked_of_the_database(client, "/shop/") == 0


def test_a_page_that_was_being_made_while_something_changed_is_not_kept(client, content, monkeypatch):
    make = whole_pages.WholePageMiddleware.make

    def made_meanwhile(self, request):
        response = make(self, request)
        page_cache._bump()
        kept_pages.find(("another",), page_cache.generation())
        return response

    with monkeypatch.context() as patch:
        patch.setattr(whole_pages.WholePageMiddleware, "make", made_meanwhile)
        client.get("/shop/")

    assert asked_of_the_database(client, "/shop/") > 0


def with_header(name, value):
    return HttpResponse("x", headers={name: value})


def with_cookie():
    response = HttpResponse("x")
    response.set_cookie("a", "b")
    return response


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("x", status=404), HttpResponse("x", status=206), StreamingHttpResponse(["x"]),
        with_header("Cache-Control", "private"), with_header("Cache-Control", "max-age=0, no-store"),
        with_header("Vary", "Cookie"), with_header("Vary", "HX-Request"), with_header("Vary", "*"),
        with_cookie(),
    ],
)  # fmt: skip
def test_an_answer_that_depends_on_who_asked_is_never_kept(response):
    assert may_be_kept(with_header("Cache-Control", "no-cache"))
    assert not may_be_kept(response)
