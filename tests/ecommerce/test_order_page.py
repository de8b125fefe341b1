import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from shopfolio.ecommerce.models import Invoice, Order, Refund, StripeSession
from shopfolio.ecommerce.order_words import WORDS
from shopfolio.ecommerce.services.credit_notes import issue_credit_note
from shopfolio.ecommerce.services.invoicing import pdf_of
from tests.factories import make_paid_order, make_shop, make_waiting_order

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def set_status(order: Order, status: str) -> None:
    Order.objects.filter(pk=order.pk).update(status=status)


def test_a_paid_order_says_so_and_shows_what_was_bought(client):
    make_shop()
    order = make_paid_order()

    answer = client.get(order.get_absolute_url())

    text = answer.content.decode()
    assert "Thank you, Marta. It is paid." in text
    assert "by card ending 4242" in text
    for shown in (
        order.number,
        "€140.00",
        "€6.00",
        "€146.00",
        "Rua da Sofia 81",
        "3000-391 Coimbra",
        "Portugal",
    ):
        assert shown in text
    assert '<meta name="robots" content="noindex">' in text
    assert 'http-equiv="refresh"' not in text
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert answer["Referrer-Policy"] == "same-origin"
    assert not answer.cookies


def test_when_it_was_paid_is_written_for_machines_to_the_minute(client):
    """HTML allows no more than three digits after a second."""
    page = client.get(make_paid_order().get_absolute_url()).content.decode()

    found = re.findall(r'<time datetime="([^"]*)"', page)
    assert found
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d[+-]\d{4}", each) for each in found)


@pytest.mark.parametrize("status", Order.Status.values)
def test_every_status_is_told_in_words(client, status):
    order = make_waiting_order()
    set_status(order, status)
    order.sessions.update(status=StripeSession.Status.OPEN, url="https://checkout.stripe.com/c/pay/1")

    text = client.get(order.get_absolute_url()).content.decode()

    assert str(WORDS[status][0]) % {"name": "Marta"} in text
    may_change = status in {"draft", "awaiting_payment", "processing"}
    assert ('http-equiv="refresh"' in text) == may_change
    assert ("To your cart" in text) == (status in {"expired", "cancelled", "failed"})


@pytest.mark.parametrize(
    "forge",
    [
        lambda order, other: order.token[:-1] + ("0" if order.token[-1] != "0" else "1"),
        lambda order, other: f"{order.pk}.{other.token.partition('.')[2]}",
        lambda order, other: str(order.pk),
        lambda order, other: f"{order.pk}.",
        lambda order, other: order.number,
        lambda order, other: "garbage",
        lambda order, other: "%00",
        lambda order, other: "é.ü",
        lambda order, other: order.token + "x",
    ],
)
@pytest.mark.parametrize("rest", ["", "invoice.pdf", "documents/INV-1.pdf"])
def test_a_link_that_was_made_up_is_not_found(client, forge, rest):
    order, other = make_paid_order(), make_paid_order()

    assert client.get(f"/orders/{forge(order, other)}/{rest}").status_code == 404


def test_a_link_that_was_revoked_is_not_found(client):
    order = make_paid_order()
    address = order.get_absolute_url()
    Order.objects.filter(pk=order.pk).update(link_version=2)

    assert client.get(address).status_code == 404
    assert client.get(Order.objects.get().get_absolute_url()).status_code == 200


def test_the_invoice_is_linked_once_it_is_printed(client):
    make_shop()
    order = make_paid_order()
    address = order.get_absolute_url()
    assert "invoice.pdf" not in client.get(address).content.decode()
    assert client.get(f"{address}invoice.pdf").status_code == 404
    invoice = Invoice.objects.get()

    pdf_of(invoice)

    answer = client.get(f"{address}invoice.pdf")
    body = b"".join(answer.streaming_content)
    assert f'href="{address}invoice.pdf"' in client.get(address).content.decode()
    assert body.startswith(b"%PDF")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    by_number = client.get(f"{address}documents/{invoice.number}.pdf")
    assert b"".join(by_number.streaming_content) == body


def test_another_orders_invoice_is_not_found(client):
    make_shop()
    order, other = make_paid_order(), make_paid_order()
    pdf_of(other.invoices.get())

    answer = client.get(f"{order.get_absolute_url()}documents/{other.invoices.get().number}.pdf")

    assert answer.status_code == 404


@pytest.mark.parametrize("minutes", [10, -10])
def test_who_turned_back_can_pay_while_the_session_is_open(client, minutes):
    order = make_waiting_order()
    set_status(order, Order.Status.AWAITING_PAYMENT)
    order.sessions.update(
        status=StripeSession.Status.OPEN,
        url="https://checkout.stripe.com/c/pay/1",
        expires_at=timezone.now() + timedelta(minutes=minutes),
    )

    text = client.get(order.get_absolute_url()).content.decode()

    assert ('href="https://checkout.stripe.com/c/pay/1"' in text) == (minutes > 0)
    assert ("It waits for your payment." in text) == (minutes > 0)
    assert ("We are asking the bank whether your payment came." in text) == (minutes < 0)


def test_the_order_can_only_be_looked_at(client):
    order = make_paid_order()

    assert client.post(order.get_absolute_url()).status_code == 405
    assert client.head(order.get_absolute_url()).status_code == 200


def refund_of(order: Order, amount: int, **fields) -> Refund:
    known = {"session": order.sessions.first(), "currency": "EUR", "idempotency_key": f"re:{amount}"}
    return Refund.objects.create(order=order, amount=amount, **(known | fields))


def test_what_has_gone_back_and_what_is_about_to_is_shown(client):
    make_shop()
    order = make_paid_order()
    for amount, status in ((1_000, "succeeded"), (2_000, "succeeded"), (400, "pending"), (50, "created")):
        refund_of(order, amount, status=status)
    refund_of(order, 77, status="failed")

    text = " ".join(client.get(order.get_absolute_url()).content.decode().split())

    assert "<dt>Refunded</dt><dd>€30.00</dd>" in text
    assert "<dt>On its way back</dt><dd>€4.50</dd>" in text
    assert "€0.77" not in text


def test_a_second_payment_is_named_for_itself(client):
    make_shop()
    order = make_paid_order()
    StripeSession.objects.update(is_surplus=True)
    refund_of(order, 14_600, status="succeeded")

    assert (
        "<dt>Paid twice, refunded</dt><dd>€146.00</dd>"
        in client.get(order.get_absolute_url()).content.decode()
    )


def test_with_a_credit_note_each_document_has_its_address_and_the_latest_its_own(client):
    make_shop()
    order = make_paid_order()
    invoice = Invoice.objects.get()
    refund = refund_of(order, 14_600, status="succeeded")
    with transaction.atomic():
        note = issue_credit_note(refund)
    for document in (invoice, note):
        pdf_of(document)
    address = order.get_absolute_url()

    text = client.get(address).content.decode()

    for document in (invoice, note):
        assert f'href="{address}documents/{document.number}.pdf"' in text
        assert client.get(f"{address}documents/{document.number}.pdf").status_code == 200
    assert f'href="{address}invoice.pdf"' in text
    latest = client.get(f"{address}invoice.pdf")
    assert latest["Content-Disposition"] == f'inline; filename="{note.number}.pdf"'


def test_a_refund_that_came_back_is_said_until_somebody_has_seen_to_it(client):
    make_shop()
    order = make_paid_order()
    refund = refund_of(order, 14_600, status="failed")
    lost = "your bank sent it back"
    assert lost not in client.get(order.get_absolute_url()).content.decode()

    with transaction.atomic():
        issue_credit_note(refund)
    assert lost in client.get(order.get_absolute_url()).content.decode()
    Refund.objects.update(dealt_with_at=timezone.now())

    assert lost not in client.get(order.get_absolute_url()).content.decode()
