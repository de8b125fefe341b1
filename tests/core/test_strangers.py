"""What one visitor brings, another never reads: A goes everywhere first, then B."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from shopfolio.core import whole_pages
from shopfolio.core.models import Subscriber
from shopfolio.core.whole_pages import kept_pages
from tests import addresses
from tests.everything import add_pages
from tests.factories import (
    carry_cart,
    make_cart,
    make_owner,
    make_paid_order,
    make_variant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

MARK = "zephyrine"
"""Stands in all that A is and sends."""
BADGE = 7_393
TRACE = re.compile(rf"{MARK}|\b{BADGE}\b|csrfmiddlewaretoken", re.IGNORECASE)
LINKS_OF_A = {"ecommerce:order", "ecommerce:invoice", "core:newsletter_unsubscribe"}
"""Who has the link may read: B does not have it."""


@pytest.fixture(autouse=True)
def _keeping(monkeypatch, private_files):
    monkeypatch.setattr(whole_pages, "LIVES", 50)


@pytest.fixture
def everywhere():
    """Every address, with content behind it; A's own where only A has the link."""
    add_pages()
    order = make_paid_order(name=MARK, email=f"{MARK}@example.org")
    reader = Subscriber.objects.create(email=f"{MARK}@example.org", status=Subscriber.Status.CONFIRMED)
    own = {
        "ecommerce:order": {"token": order.token},
        "ecommerce:invoice": {"token": order.token},
        "core:newsletter_unsubscribe": {"token": reader.leaving_token},
    }
    return addresses.PUBLIC | addresses.NOBODY_ELSES | own


def cookies_of_a(*, with_session):
    browser = Client()
    if with_session:
        browser.force_login(make_owner(email=f"{MARK}{with_session}@example.org", first_name=MARK))
        browser.cookies[settings.CSRF_COOKIE_NAME] = MARK.ljust(32, "x")
    cart = make_cart((make_variant(sku=f"{MARK}{with_session}", title=MARK), 1))
    cart.count_pieces = lambda: BADGE
    carry_cart(browser, cart)
    return browser


def look_at(browser, address, **headers):
    """With A's marks in every place where a request has room for them."""
    headers |= dict.fromkeys(("User-Agent", "X-Request-Id", "Accept-Language", "X-Forwarded-Host"), MARK)
    headers |= {"Referer": f"http://testserver/{MARK}", "Cookie-Test": MARK}
    query = f"utm_source={MARK}&email={MARK}&q={MARK}&next=/{MARK}&session_id={MARK}&page={MARK}&sort={MARK}"
    for path in (address, f"{address}?{query}"):
        browser.get(path, headers=headers)
        browser.head(path, headers=headers)


def traces(everywhere):
    """What B, who brings nothing, finds of A; in plain and compressed pages."""
    found = {}
    for name, arguments in everywhere.items():
        if name in LINKS_OF_A:
            continue
        answer = Client().get(reverse(name, kwargs=arguments))
        text = f"{answer.headers} {answer.cookies} {b''.join(answer).decode('utf-8', 'replace')}"
        is_account = name.startswith("account_")  # its forms keep Django's token, B's own
        if hits := set(TRACE.findall(text)) - ({"csrfmiddlewaretoken"} if is_account else set()):
            found[name] = hits
        if answer.cookies and not is_account:
            found[name] = set(answer.cookies)
    return found


def test_b_finds_no_trace_of_a_at_any_address(everywhere):
    visitors = [cookies_of_a(with_session=""), cookies_of_a(with_session="1"), Client()]

    for browser in visitors:
        for name, arguments in everywhere.items():
            look_at(browser, reverse(name, kwargs=arguments))

    assert traces(everywhere) == {}
    assert len(kept_pages) >= len(addresses.PUBLIC)


def test_without_the_look_at_cookies_b_would_read_as_badge(everywhere, monkeypatch):
    monkeypatch.setattr(whole_pages, "OUR_COOKIES", set())

    for name, arguments in everywhere.items():
        look_at(
            cookies_of_a(with_session="") if name == "core:home" else Client(),
            reverse(name, kwargs=arguments),
        )

    assert traces(everywhere) == {"core:home": {str(BADGE)}}


def test_the_link_of_a_is_kept_nowhere(everywhere):
    for name in LINKS_OF_A - {"ecommerce:invoice"}:  # not printed yet
        answer = Client().get(reverse(name, kwargs=everywhere[name]))

        assert answer.status_code == 200
        assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert len(kept_pages) == 0
