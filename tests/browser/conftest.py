"""Chromium against the site as it is served: `live_site` is its address, `page` a Playwright page on it.

A test ends in failure when a page broke the Content-Security-Policy or threw an error in its script.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from shopfolio.core.middleware import editor_hashes
from tests.factories import make_owner
from tests.machine import BROWSER_ARGUMENTS, CHROMIUM
from tests.users.people import log_in_as

TELL_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", event =>
        console.error(`CSP: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def static_files(made_once: Callable[[str, Callable[[Path], object]], Path]) -> dict[str, Any]:
    """Collected under hashed names, as a site serves them; not compressed, which takes most of a minute."""
    from django.conf import settings

    storage = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    storages = {**settings.STORAGES, "staticfiles": storage}

    def fill(folder: Path) -> None:
        with override_settings(STATIC_ROOT=folder, STORAGES=storages):
            call_command("collectstatic", interactive=False, verbosity=0)

    return {"STATIC_ROOT": made_once("static", fill), "STORAGES": storages}


@pytest.fixture
def live_site(transactional_db: None, settings: Any, static_files: dict[str, Any]) -> Iterator[str]:
    """The address of the running site; WhiteNoise hands out the static files, as on a real one."""
    settings.STATIC_ROOT, settings.STORAGES = static_files["STATIC_ROOT"], static_files["STORAGES"]
    editor_hashes.cache_clear()
    server = LiveServerThread("127.0.0.1", static_handler=lambda site: site)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    settings.SITE_URL = f"http://127.0.0.1:{server.port}"
    yield settings.SITE_URL
    server.terminate()
    editor_hashes.cache_clear()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's loop runs in this thread, which is not the one that serves; Django cannot tell.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
            yield chromium
            chromium.close()


@pytest.fixture
def context(browser: Browser, live_site: str) -> Iterator[BrowserContext]:
    """A browser without history; its pages know the site's address: `page.goto("/shop/")`."""
    context = browser.new_context(base_url=live_site, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    context.add_init_script(TELL_VIOLATIONS)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert complaints == []


def is_complaint(message: Any) -> bool:
    return message.type == "error" and ("CSP" in message.text or "Content Security Policy" in message.text)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def asked(page: Page) -> set[str]:
    """The origins that the browser was asked to load anything from, also by what was stopped."""
    origins: set[str] = set()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")

    def note(event: dict) -> None:
        url = urlsplit(event["request"]["url"])
        if url.scheme not in {"data", "blob", "about"}:
            origins.add(f"{url.scheme}://{url.netloc}")

    network.on("Network.requestWillBeSent", note)
    return origins


@pytest.fixture
def owner_page(context: BrowserContext, page: Page, live_site: str) -> Page:
    """A page whose browser is logged in as the owner."""
    client = Client()
    log_in_as(client, make_owner(first_name="Ines"))
    cookie = client.cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_site}])
    return page
