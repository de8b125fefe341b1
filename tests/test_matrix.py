"""Who is answered what at every address: tests/matrix.md is the answer, and this is the question.

A new address has no row there and fails. With MATRIX=write in the environment the test writes the table anew;
read what has changed in it before you commit it.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client
from django.urls import reverse

from shopfolio.ecommerce.models import Order
from shopfolio.ecommerce.services.addresses import keep_address
from shopfolio.users.roles import Role
from tests import addresses
from tests.everything import add_rows
from tests.factories import ADDRESS, make_owner, make_staff
from tests.users.people import PASSWORD, make_person, type_password

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("matrix.md")
PEOPLE: dict[str, Callable[[], Any]] = {
    "visitor": lambda: None,
    "buyer A": lambda: make_person("a@example.org"),
    "buyer B": lambda: make_person("b@example.org"),
    "clerk": lambda: make_staff(Role.CLERK, password=PASSWORD),
    "editor": lambda: make_staff(Role.EDITOR, password=PASSWORD),
    "owner": lambda: make_owner(password=PASSWORD),
}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEADS_TO = {"/account/login/": "log in", "/admin/login/": "log in", "/account/confirm/": "who?"}
"""Instead of the status, where an answer leads somewhere else: to log in, or to say once more who it is."""
HEAD = f"""# Who is answered what

Each row is an address and a method, each cell the status of the answer. *log in* leads to the login, *who?*
asks once more who it is. Forms are sent empty, so 422 (200 in the back office) is a door that is open. What
has (A) after its name belongs to buyer A; whoever has the link of an order may read it. Written by a test.

| address | method | {" | ".join(PEOPLE)} |
|---|---|{"---|" * len(PEOPLE)}
"""


def everywhere() -> dict[str, str]:
    """All addresses by name; where one needs a token or a key, it is nobody's."""
    tables = addresses.PUBLIC | addresses.NOBODY_ELSES
    found = {name: reverse(name, kwargs=arguments) for name, arguments in tables.items()}
    return found | {f"admin:{name}": path for name, path in addresses.of_the_back_office().items()}


def things_of(person: Any) -> dict[str, str]:
    """An order, to whose link nobody else has come, an address, and a passkey."""
    address = keep_address(person, fields=ADDRESS)
    order = Order.objects.exclude(paid_at=None)[0]
    key = Authenticator.objects.create(user=person, type="webauthn", data={"name": "Phone"})
    return {
        "ecommerce:order": reverse("ecommerce:order", args=[order.token]),
        "ecommerce:invoice": reverse("ecommerce:invoice", args=[order.token]),
        "ecommerce:address": reverse("ecommerce:address", args=[address.pk]),
        "ecommerce:address_do": reverse("ecommerce:address_do", args=[address.pk]),
        "mfa_edit_webauthn": reverse("mfa_edit_webauthn", args=[key.pk]),
        "mfa_remove_webauthn": reverse("mfa_remove_webauthn", args=[key.pk]),
    }


def log_in(person: Any) -> Client:
    browser = Client()
    if person:
        browser.force_login(person)
    return browser


def answer_of(browser: Client, method: str, path: str) -> str:
    """What is answered; whatever that does is taken back."""
    cookies = browser.cookies.copy()
    with transaction.atomic():
        answer = getattr(browser, method)(path, headers={"Sec-Fetch-Site": "same-origin"})
        transaction.set_rollback(True)
    browser.cookies = cookies
    leads_to = answer.headers.get("Location", "")
    return next(
        (word for start, word in LEADS_TO.items() if leads_to.startswith(start)), str(answer.status_code)
    )


def ask(browsers: dict[str, Client], name: str, path: str) -> str:
    rows = ""
    for method in ("get", "post"):
        cells = [answer_of(browser, method, path) for browser in browsers.values()]
        rows += f"| {name} | {method.upper()} | {' | '.join(cells)} |\n"
    return rows


@time_machine.travel(NOON, tick=False)  # a job that is not due yet must not become so meanwhile
def test_everybody_is_answered_as_the_matrix_says(private_files, bare_status_pages):
    add_rows()
    people = {name: make() for name, make in PEOPLE.items()}

    browsers = {name: log_in(person) for name, person in people.items()}
    now = HEAD + "".join(ask(browsers, name, path) for name, path in everywhere().items())
    for name in people.keys() - {"visitor"}:
        type_password(browsers[name], people[name])
    now += "".join(ask(browsers, f"{name} (A)", path) for name, path in things_of(people["buyer A"]).items())
    if os.environ.get("MATRIX") == "write":
        TABLE.write_text(now)

    heads = {name: answer_of(browsers["visitor"], "head", path) for name, path in everywhere().items()}
    gets = {name: f"| {name} | GET | {heads[name]} |" for name in heads}
    assert [name for name, row in gets.items() if row not in now] == []
    was = TABLE.read_text()
    assert now == was, "".join(unified_diff(was.splitlines(True), now.splitlines(True), "matrix.md", "now"))


def test_without_a_second_factor_nobody_gets_further_than_the_page_that_asks_for_it(
    private_files, bare_status_pages, settings
):
    """The table above is loopback's, where a password is enough."""
    settings.LOOPBACK = False
    add_rows()
    browser = log_in(make_owner(password=PASSWORD))

    answers = {
        f"{name} {method}": answer_of(browser, method, path)
        for name, path in addresses.of_the_back_office().items()
        for method in ("get", "post")
    }

    others = {where: answer for where, answer in answers.items() if answer not in {"403", "who?", "log in"}}
    assert len(answers) > 300
    assert others == {"login get": "303", "login post": "303", "logout get": "200", "logout post": "302"}
