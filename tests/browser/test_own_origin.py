"""The site's pages ask nobody but the site."""

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page

from shopfolio.core.models import CspReport
from shopfolio.ecommerce.models import Order


@pytest.fixture
def demo_site(live_site: str, settings: Any, demo_media: Path) -> str:
    settings.MEDIA_ROOT = demo_media
    call_command("demo", stdout=StringIO())
    return live_site


def public_addresses(page: Page) -> Iterator[str]:
    """All of the sitemap, and what stands in none: cart, order, answers to forms, no page at all."""
    index = page.request.get("/sitemap.xml").text()
    for part in re.findall(r"<loc>([^<]+)</loc>", index):
        for address in re.findall(r"<loc>([^<]+)</loc>", page.request.get(part).text()):
            yield urlsplit(address).path
    order = Order.objects.exclude(paid_at=None).first()
    assert order
    yield from (
        "/cart/",
        "/contact/sent/",
        "/newsletter/sent/",
        "/account/login/",
        "/search/?q=tide",
        "/nothing/",
    )
    yield order.get_absolute_url()


def test_no_public_page_asks_another_site(page: Page, demo_site: str, asked: set[str]):
    addresses = list(dict.fromkeys(public_addresses(page)))
    for address in addresses:
        page.goto(address)

    assert len(addresses) > 40
    assert asked == {demo_site}


def test_what_a_page_may_not_load_is_reported(browser: Browser, live_site: str):
    context = browser.new_context(base_url=live_site)
    page = context.new_page()
    page.goto("/contact/")

    with page.expect_response("**/csp-reports/") as report:
        page.evaluate(
            "document.body.append(Object.assign(new Image(), {src: 'https://tracker.invalid/1.gif'}))"
        )

    assert report.value.status == 204
    row = CspReport.objects.get()
    assert (row.directive, row.blocked, row.page) == ("img-src", "https://tracker.invalid", "/contact/")
    context.close()
