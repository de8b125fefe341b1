"""Somebody of every role follows every link and sends every form, with what nobody types by mistake in it."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, resolve

from shopfolio.ecommerce.models import Order
from shopfolio.ecommerce.services.addresses import keep_address
from shopfolio.users.models import CustomUser
from shopfolio.users.roles import Role
from tests.counts import count
from tests.everything import add_rows
from tests.factories import ADDRESS, carry_cart, make_cart, make_owner, make_staff, make_variant
from tests.users.people import give_app, log_in_as, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

SCRIPT = "<zqx9 onload=x>"
ATTACKS: dict[str, tuple[Callable[[str], str], bool]] = {
    "markup": (lambda was: f"\"'>{SCRIPT}", False),
    "markup after what was there, in hidden fields too": (lambda was: f"{was}\"'>{SCRIPT}", True),
    "markup after what was there": (lambda was: f"{was}\"'>{SCRIPT}", False),
    "markup in hidden fields too": (lambda was: f"\"'>{SCRIPT}", True),
    "NUL": (lambda was: "a\x00b", False),
    "nothing": (lambda was: "", False),
    "nothing, not even hidden": (lambda was: "", True),
    "huge": (lambda was: "9" * 40, True),
}
"""What becomes of the value that a field had, and whether hidden ones are changed too."""
TRIED = list(ATTACKS.values())[: count(2, len(ATTACKS))]
ENOUGH = count(1, 2)
"""Pages of one view, and forms of one view with the same fields, that are looked at."""
ROOMS = {
    "account_profile", "account_data", "account_security", "account_change_password", "account_email",
    "usersessions_list", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
    "mfa_edit_webauthn", "mfa_remove_webauthn", "core:account_newsletter",
    "ecommerce:account_orders", "ecommerce:addresses", "ecommerce:address_new", "ecommerce:address",
}  # fmt: skip
"""Of an account: a buyer comes to each of them."""
ADD_PASSKEY = "/account/security/passkeys/add/"
"""Not linked here, where browsers refuse passkeys; and the buyer's is none that the page could read."""
LEADS_OUT = {"account_logout", "admin:logout", "admin:test_step"}  # the last one to Stripe, at once


@dataclass
class Form:
    action: str
    method: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, type and value."""

    def sent(self, attack: Callable[[str], str], *, hidden_too: bool) -> dict[str, str]:
        return {
            name: attack(value) if kind != "hidden" or hidden_too else value
            for name, kind, value in self.fields
            if name != "csrfmiddlewaretoken"
        }


class Reader(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._by_id: dict[str, Form] = {}
        self._open: Form | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in have:
            self.links.append(have["href"])
        elif tag == "form":
            self._open = Form(have.get("action", ""), have.get("method", "get").lower())
            self._by_id[have.get("id", "")] = self._open
            self.forms.append(self._open)
        elif tag in {"input", "select", "textarea", "button"} and have.get("name"):
            form = self._by_id.get(have.get("form", "")) or self._open
            if form:
                form.fields.append((have["name"], have.get("type", tag), have.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


class Crawler:
    """Takes back what a form has done, so that what is found does not depend on the order."""

    def __init__(self, browser: Client) -> None:
        self.browser = browser
        self.seen: set[str] = set()
        self.pages: Counter[str] = Counter()
        self.forms: Counter[str] = Counter()
        self.wrong: list[str] = []

    def crawl(self, *starts: str) -> None:
        queue = deque(starts)
        while queue:
            address = urldefrag(queue.popleft()).url
            view = view_of(address)
            if view is None or address in self.seen or self.pages[view] >= ENOUGH or view in LEADS_OUT:
                continue
            self.seen.add(address)
            self.pages[view] += 1
            answer = self.browser.get(address)
            self.judge("GET", address, answer)
            if answer.status_code in {301, 302, 303}:
                queue.append(urljoin(address, answer["Location"]))
            elif is_page(answer):
                page = Reader(answer.content.decode())
                queue.extend(urljoin(address, link) for link in page.links)
                for form in page.forms:
                    queue.extend(self.send(address, form))

    def send(self, address: str, form: Form) -> Iterator[str]:
        action = urldefrag(urljoin(address, form.action)).url
        key = f"{form.method} {view_of(action)} {sorted(name for name, *_rest in form.fields)[:4]}"
        if view_of(action) in LEADS_OUT | {None} or self.forms[key] >= ENOUGH:
            return
        self.forms[key] += 1
        for attack, hidden_too in TRIED:
            sent = form.sent(attack, hidden_too=hidden_too)
            if form.method == "get":
                answer = self.browser.get(f"{urlsplit(action).path}?{urlencode(sent)}")
                self.judge("GET", action, answer)
            else:
                self.post(action, sent)
        yield action if form.method == "get" else address

    def post(self, action: str, sent: dict[str, str]) -> None:
        with transaction.atomic():
            answer = self.browser.post(action, sent, headers={"Sec-Fetch-Site": "same-origin"})
            self.judge("POST", action, answer)
            if answer.status_code in {302, 303} and view_of(answer["Location"]):
                self.judge("POST and", answer["Location"], self.browser.get(answer["Location"]))
            transaction.set_rollback(True)

    def judge(self, method: str, address: str, answer: Any) -> None:
        if answer.status_code >= 500:
            self.wrong.append(f"{method} {address}: {answer.status_code}")
        if is_page(answer) and (SCRIPT in (text := answer.content.decode()) or "Traceback" in text):
            self.wrong.append(f"{method} {address}: reflected")


def is_page(answer: Any) -> bool:
    return not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html")


def view_of(address: str) -> str | None:
    """The name of the view that answers; none for another site's address."""
    url = urlsplit(address)
    if url.scheme not in {"", "http", "https"} or url.netloc not in {"", "testserver", "127.0.0.1:8000"}:
        return None
    try:
        match = resolve(url.path)
    except Exception:
        return None
    return match.view_name or str(match.func)


@pytest.fixture
def rows(private_files: Any) -> None:
    add_rows()


def visitor() -> Client:
    return Client(raise_request_exception=False)


def buyer() -> Client:
    """With all that an account can have, and not asked once more who they are."""
    browser, person = Client(raise_request_exception=False), make_person("buyer@example.org")
    carry_cart(browser, make_cart((make_variant(), 1)))
    give_app(person)
    Authenticator.objects.create(user=person, type="webauthn", data={"name": "Phone"})
    keep_address(person, fields=ADDRESS)
    log_in_as(browser, person)
    return browser


def clerk() -> Client:
    return staff(make_staff(Role.CLERK))


def editor() -> Client:
    return staff(make_staff(Role.EDITOR))


def owner() -> Client:
    return staff(make_owner())


def staff(person: CustomUser) -> Client:
    browser = Client(raise_request_exception=False)
    log_in_as(browser, person)
    return browser


@pytest.mark.parametrize(
    ("role", "starts", "views"),
    [
        (visitor, [], 20),
        (buyer, ["/account/"], 35),
        (clerk, ["/admin/", ADD_PASSKEY], 30),
        (editor, ["/admin/"], 30),
        (owner, ["/admin/"], 60),
    ],
)
def test_nobody_breaks_a_page_or_finds_what_they_typed_live(
    rows: None, role: Callable[[], Client], starts: list[str], views: int
) -> None:
    order = Order.objects.exclude(paid_at=None)[0]
    crawler = Crawler(role())

    crawler.crawl("/", *starts, order.get_absolute_url(), "/no-such-page/", "/contact/")

    assert role is not buyer or set(crawler.pages) >= ROOMS, sorted(ROOMS - set(crawler.pages))
    assert role is not clerk or "mfa_add_webauthn" in crawler.pages
    assert crawler.wrong == []
    assert len(crawler.pages) >= views, sorted(crawler.pages)
    assert crawler.forms.total() > 0


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<form><input name=q></form>{request.GET.get('q')}")


urlpatterns = [path("", echo)]


def test_control_a_page_that_shows_what_was_typed_as_it_is_is_found(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    crawler = Crawler(client)

    crawler.crawl("/")

    assert crawler.wrong == ["GET /: reflected"] * sum(SCRIPT in attack("") for attack, _hidden in TRIED)
