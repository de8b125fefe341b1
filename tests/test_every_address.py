"""What holds for every address, the back office's included: who may write, and that reading does not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from shopfolio.ecommerce.models import Order
from tests import addresses
from tests.everything import add_rows
from tests.factories import carry_cart, make_cart, make_owner, make_variant
from tests.users.people import log_in_as

pytestmark = pytest.mark.django_db

TAKES_STRANGERS = {"ecommerce:stripe_webhook", "core:newsletter_unsubscribe", "core:csp_reports"}
"""A signature, a token in the address, and a browser's own report speak for themselves."""
BAD_ORIGINS: dict[str, dict[str, str]] = {
    "foreign": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "another site of the domain": {"Sec-Fetch-Site": "same-site"},
    "foreign, an old browser": {"Origin": "https://evil.example"},
    "foreign, a still older one": {"Referer": "https://evil.example/"},
    "null": {"Origin": "null"},
    "unstated": {},
}
"""The headers of requests that did not come from a page of ours."""
CHALLENGES = {"mfa_activate_totp", "mfa_add_webauthn"}
"""What these pages show must be known when the answer comes: it is kept in the visitor's own session."""
EVERYWHERE = addresses.PUBLIC | addresses.NOBODY_ELSES


@pytest.fixture
def rows(private_files: Any) -> None:
    add_rows()


@pytest.mark.usefixtures("bare_status_pages")
@pytest.mark.parametrize("headers", BAD_ORIGINS.values(), ids=BAD_ORIGINS)
def test_no_address_takes_anything_from_elsewhere(rows: None, headers: dict[str, str]) -> None:
    visitor, owner = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    log_in_as(owner, make_owner())

    taken = set()
    for name, arguments in EVERYWHERE.items():
        if visitor.post(reverse(name, kwargs=arguments), headers=headers).status_code != 403:
            taken.add(name)
    back_office = addresses.of_the_back_office()
    refused = {name: owner.post(path, headers=headers).status_code for name, path in back_office.items()}

    assert taken == TAKES_STRANGERS
    assert len(back_office) > 150
    assert {name for name, status in refused.items() if status != 403} == set()


@contextmanager
def writes() -> Iterator[set[str]]:
    """The statements that change rows, while they are watched for."""
    seen: set[str] = set()

    def watch(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if not re.match(r"SELECT|SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO", sql.strip()):
            seen.add(sql)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(watch):
        yield seen


@pytest.mark.rows
@pytest.mark.usefixtures("bare_status_pages")
def test_reading_changes_nothing(rows: None, settings: Any) -> None:
    visitor, buyer, owner = Client(), Client(), Client()
    order = Order.objects.get(status=Order.Status.PAID)
    carry_cart(buyer, make_cart((make_variant(), 1)))
    log_in_as(owner, make_owner())
    hers = {"ecommerce:order": {"token": order.token}, "ecommerce:invoice": {"token": order.token}}

    changed = {}
    answers = []
    public = {name: reverse(name, kwargs=arguments) for name, arguments in (EVERYWHERE | hers).items()}
    for browser, reads in (
        (visitor, public),
        (buyer, public),
        (owner, public | addresses.of_the_back_office()),
    ):
        for name, path in reads.items():
            for _ in range(2):
                with writes() as seen:
                    answers.append(browser.get(path).status_code)
                if name in CHALLENGES:
                    seen = {sql for sql in seen if not sql.startswith('UPDATE "django_session"')}
                if seen:
                    changed[name] = seen

    assert changed == {}
    assert set(answers) <= {200, 302, 303, 403, 404, 405}
    assert answers.count(200) > 400
