"""The orders of an account: one's own, and what one bought as a guest with an address shown to be theirs."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shopfolio.ecommerce.models import Entitlement, InvoicePDF, Order, Variant
from tests.factories import (
    make_file,
    make_paid_order,
    make_product,
    make_shop,
    make_variant,
    make_waiting_order,
)
from tests.users.people import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

ADDRESS = "/account/orders/"


@pytest.fixture(autouse=True)
def shop():
    make_shop()


def shown(client):
    return re.findall(r"Order (\w{8})</a>", client.get(ADDRESS).content.decode())


def test_a_stranger_is_led_to_the_login(client):
    answer = client.get(ADDRESS)

    assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={ADDRESS}")


def test_what_was_bought_logged_in_and_as_a_guest_is_shown_the_latest_first(client):
    person = make_person("marta@example.org")
    as_guest = make_paid_order(email="Marta@Example.ORG")
    logged_in = make_paid_order(email="office@example.org")
    Order.objects.filter(pk=logged_in.pk).update(user=person)
    make_paid_order(email="jonas@example.org")
    client.force_login(person)

    assert shown(client) == [logged_in.number, as_guest.number]
    assert "no-store" in client.get(ADDRESS)["Cache-Control"]


def test_an_address_that_nobody_has_shown_to_be_theirs_opens_nothing(client):
    person = make_person("ana@example.org")
    EmailAddress.objects.create(user=person, email="marta@example.org", verified=False)
    make_paid_order(email="marta@example.org")
    client.force_login(person)

    assert shown(client) == []


def test_an_address_that_only_looks_alike_opens_nothing(client):
    make_paid_order(email="mart\u0131@example.org")
    client.force_login(make_person("marti@example.org"))

    assert shown(client) == []


def test_an_order_of_somebody_else_with_ones_address_stays_theirs(client):
    order = make_paid_order(email="ana@example.org")
    Order.objects.filter(pk=order.pk).update(user=make_person("jonas@example.org"))
    client.force_login(make_person("ana@example.org"))

    assert shown(client) == []


@pytest.mark.parametrize("status", ["draft", "expired", "cancelled", "failed"])
def test_what_came_to_nothing_is_left_out(client, status):
    order = make_waiting_order(email="ana@example.org")
    Order.objects.filter(pk=order.pk).update(status=status)
    client.force_login(make_person("ana@example.org"))

    assert shown(client) == []


def test_documents_and_downloads_are_a_click_away_and_end_with_a_refund(client, private_files):
    book = make_product("Handbook")
    file = make_file(book)
    order = make_paid_order((make_variant(book, kind=Variant.Kind.DIGITAL), 1), email="ana@example.org")
    invoice = order.invoices.get()
    InvoicePDF.objects.create(invoice=invoice, file="invoices/a.pdf", sha256="0" * 64)
    client.force_login(make_person("ana@example.org"))
    download = f"/orders/{order.token}/downloads/{file.pk}/"

    page = client.get(ADDRESS).content.decode()
    order.entitlements.update(status=Entitlement.Status.REVOKED)
    Order.objects.filter(pk=order.pk).update(status="refunded")
    later = client.get(ADDRESS).content.decode()

    assert f"/orders/{order.token}/documents/{invoice.number}.pdf" in page
    assert download in page
    assert download not in later


def test_many_orders_come_in_pages_with_as_many_questions(client):
    client.force_login(make_person("ana@example.org"))
    variant = make_variant(available=100)
    make_paid_order((variant, 1), email="ana@example.org")
    client.get(ADDRESS)
    with CaptureQueriesContext(connection) as with_one:
        client.get(ADDRESS)
    for _ in range(21):
        make_paid_order((variant, 1), email="ana@example.org")
    with CaptureQueriesContext(connection) as with_many:
        first = shown(client)

    assert len(with_many) == len(with_one)
    assert len(first) == 20
    assert client.get(f"{ADDRESS}?page=2").content.decode().count("<h2>") == 2
    assert client.get(f"{ADDRESS}?page=3").status_code == 404
