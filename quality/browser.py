"""Debian's Chromium, with somebody's cookie where a page needs one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import sync_playwright

from quality.site import Page, cookie_of
from tests.machine import BROWSER_ARGUMENTS, CHROMIUM


@contextmanager
def chromium() -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, url: str, page: Page, *, width: int, scheme: str) -> Iterator[Any]:
    """The page as somebody of its role sees it who has never been here."""
    size = {"width": width, "height": 844 if width < 600 else 900}
    context = browser.new_context(base_url=url, viewport=size, color_scheme=scheme)
    context.set_default_timeout(20_000)
    if page.role != "visitor":
        context.add_cookies([{"name": "sessionid", "value": cookie_of(page.role), "url": url}])
    tab = context.new_page()
    answer = tab.goto(page.path)
    if answer is None or answer.status != page.status:
        raise SystemExit(f"{page.path} answered {answer and answer.status}, not {page.status}.")
    if page.prepare:
        page.prepare(tab)
    tab.wait_for_load_state("networkidle")
    yield tab
    context.close()
