"""A shop as it is served, and the browsers of those who buy in it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.models import Variant
from tests.processes import Program, Programs
from tests.race.threads import all_at_once
from tests.stripe_simulator import RunningSimulator

FORM = {
    "email": "marta@example.org", "name": "Marta Reis", "address_line1": "Rua da Sofia 81",
    "postcode": "3000-390", "city": "Coimbra", "country": "PT", "terms": "on",
}  # fmt: skip

SOLD_OUT = ("Sold out.", "has just sold out.", "was sold out for a moment.")


class Browser:
    """Keeps its cookies, and says of its forms where they come from."""

    def __init__(self, site: str, cookies: dict[str, str] | None = None) -> None:
        self._site, self._http = site, requests.Session()
        self._http.trust_env = False
        self._http.headers["Sec-Fetch-Site"] = "same-origin"
        # A browser sends its form again when the server has just hung up on an idle connection; not this one.
        self._http.headers["Connection"] = "close"
        self._http.cookies.update(cookies or {})

    @property
    def cookies(self) -> dict[str, str]:
        return self._http.cookies.get_dict()

    def get(self, path: str) -> requests.Response:
        return self._http.get(self._site + path, allow_redirects=False, timeout=60)

    def post(self, path: str, **fields: Any) -> requests.Response:
        return self._http.post(self._site + path, data=fields, allow_redirects=False, timeout=60)

    def add(self, product: Any, **fields: Any) -> requests.Response:
        return self.post(f"/cart/add/{product.slug}/", **fields)

    def pay(self, total: int, **fields: Any) -> requests.Response:
        """The button of the checkout form."""
        return self.post("/checkout/", **(FORM | {"total": total} | fields))


class Shop:
    def __init__(self, web: Program, simulator: RunningSimulator) -> None:
        self.web, self.simulator = web, simulator

    def browser(self, cookies: dict[str, str] | None = None) -> Browser:
        return Browser(self.web.url, cookies)

    def browsers_at_the_checkout(self, number: int, *things: Variant) -> list[Browser]:
        """Each has put the things into a cart of its own, all at once, and has the form before it."""
        browsers = [self.browser() for _ in range(number)]

        def fill(index: int) -> str:
            added = [browsers[index].add(thing.product).status_code for thing in things]
            return f"{added}, {browsers[index].get('/checkout/').status_code}"

        assert all_at_once(number, fill) == {f"{[303] * len(things)}, 200": number}
        return browsers

    def press_pay(self, browser: Browser, total: int) -> str:
        """What came of it, in words."""
        answer = browser.pay(total)
        if answer.status_code == 303 and answer.headers["Location"].startswith(self.simulator.url):
            return "sent to Stripe"
        if answer.status_code == 422 and any(words in answer.text for words in SOLD_OUT):
            return "sold out"
        return f"{answer.status_code} {answer.headers.get('Location', answer.text[:2000])}"

    def sessions(self) -> dict[str, str]:
        """Stripe's books: the status of each session by its id."""
        found = self.simulator.client.v1.checkout.sessions.list({"limit": 100}).auto_paging_iter()
        return {session.id: session.status or "" for session in found}

    def assert_nothing_went_wrong(self) -> None:
        answers = re.findall(r"status=(\d+)", self.web.log())
        assert answers
        assert [status for status in answers if status >= "500"] == []
        assert "database is locked" not in self.web.log()
        assert "Traceback" not in self.web.log()


@pytest.fixture
def shop(programs: Programs, simulator: RunningSimulator, settings: Any) -> Iterator[Shop]:
    """Several processes and threads that serve, and Stripe's stand-in, which calls their webhook."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = simulator.key, simulator.url
    settings.STRIPE_WEBHOOK_SECRET = [simulator.webhook_secret]
    gateway.client.cache_clear()
    web = programs.start_web(workers=2, threads=4)
    settings.SITE_URL = web.url
    simulator.webhook_url = f"{web.url}/webhooks/stripe/"
    yield Shop(web, simulator)
    simulator.webhook_url = ""
    assert simulator.app.background.wait_until_idle()
    gateway.client.cache_clear()
