"""Orders, payments, invoices and shelves that wait for the owner."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from shopfolio import attention
from shopfolio.ecommerce.models import OrderEvent, Refund, StockMovement, StripeEvent, StripeSession
from shopfolio.ecommerce.services.credit_notes import cancel_credit_note, issue_credit_note
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users.models import CustomUser
from tests.factories import make_paid_order, make_shop, make_variant
from tests.troubles import (
    found,
    long_ago,
    make_dead_job,
    make_differing_stock,
    make_failed_refund,
    make_late_payment,
    make_review,
    make_unheard_event,
    make_unprinted_invoice,
    press,
)
from tests.users.people import log_in_as

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def test_a_dead_job_tells_in_plain_words_what_it_was_for_and_what_was_wrong():
    make_shop()
    order = make_paid_order()
    invoice = order.invoices.get()
    make_dead_job("ecommerce.deliver_invoice", invoice.number, invoice_id=str(invoice.pk))

    [group] = attention.look(list(attention.CHECKS.values()))

    [case] = group.cases
    assert (case.what, case.why) == ("Print an invoice and mail it to the buyer", "OSError: no space left")
    assert case.links[0].text == f"Order {order.number}"
    assert case.links[0].url == reverse("admin:ecommerce_order_change", args=[order.pk])


def test_a_job_leads_to_its_order_by_whatever_it_was_given():
    make_shop()
    order = make_paid_order()
    attempt, invoice = order.sessions.get(), order.invoices.get()
    event = make_unheard_event(session_id=attempt.session_id)
    refund = make_failed_refund()
    for number, args in enumerate(
        [
            {"order_id": str(order.pk)},
            {"attempt_id": str(attempt.pk)},
            {"invoice_id": str(invoice.pk)},
            {"document_id": str(invoice.pk)},
            {"event_pk": str(event.pk)},
            {"event_id": str(order.events.first().pk)},
            {"payment_intent": attempt.payment_intent},
            {"refund_id": str(refund.pk)},
        ]
    ):
        make_dead_job(key=str(number), **args)

    cases = attention.look_at(attention.CHECKS["jobs"]).cases

    assert [case.links[0].text for case in reversed(cases)] == [
        *[f"Order {order.number}"] * 7,
        f"Order {refund.order.number}",
    ]


def test_an_order_in_review_tells_why():
    make_shop()
    order = make_review(why="Stripe was paid 1 EUR")
    OrderEvent.objects.create(order=order, why="Asked Stripe again. Only 1 left.")

    assert found() == {"reviews": [("Marta Reis, €146.00", "Asked Stripe again. Only 1 left.")]}


@pytest.mark.parametrize(
    ("status", "minutes", "waits"),
    [
        ("creating", 9, False),
        ("creating", 11, True),
        ("processing", 13 * 1440, False),
        ("processing", 15 * 1440, True),
        ("paid", 15 * 1440, False),
        ("expired", 15 * 1440, False),
    ],
)
def test_an_attempt_waits_too_long_once_its_time_is_over(status, minutes, waits):
    make_shop()
    attempt = make_late_payment(status)
    long_ago(StripeSession, attempt, minutes=minutes)

    assert ("payments" in found()) is waits


@pytest.mark.parametrize(("minutes", "waits"), [(9, False), (11, True)])
def test_an_open_attempt_may_be_closed_a_little_late(minutes, waits):
    make_shop()
    make_late_payment(expires_at=timezone.now() - timedelta(minutes=minutes))

    assert ("payments" in found()) is waits


def test_a_failed_refund_waits_until_it_is_seen_to(owner_client):
    make_shop()
    make_failed_refund()
    assert found()["refunds"] == [("Marta Reis, €5.00", "lost_or_stolen_card")]

    page = press(owner_client, "I have seen to it")

    assert "Nothing needs you." in page.content.decode()


def test_a_failed_refund_is_tried_again(owner_client):
    make_shop()
    failed = make_failed_refund()

    press(owner_client, "Try again")

    again = Refund.objects.exclude(pk=failed.pk).get()
    assert (again.amount, again.status) == (500, Refund.Status.CREATED)
    assert Job.objects.filter(name="ecommerce.make_refund", key=str(again.pk)).exists()
    assert "refunds" not in found()


def test_an_event_that_nobody_looked_at_waits_unless_its_job_says_so_already():
    make_unheard_event("evt_new", minutes=9)
    make_unheard_event("evt_dead")
    make_dead_job("ecommerce.handle_event", "evt_dead")
    assert set(found()) == {"jobs"}

    make_unheard_event("evt_lost")

    assert found()["events"] == [("Stripe told us: checkout.session.completed", "")]


def test_an_event_is_looked_at_again_also_when_its_job_is_gone(owner_client):
    event = make_unheard_event()

    press(owner_client, "Look at it again")

    job = Job.objects.get()
    assert (job.key, job.args) == (event.event_id, {"event_pk": str(event.pk)})
    run_due_jobs()
    event.refresh_from_db()
    assert event.status == StripeEvent.Status.IGNORED
    assert found() == {}


def test_an_invoice_without_a_document_waits_after_an_hour():
    make_shop()
    make_unprinted_invoice(minutes=59)
    late = make_unprinted_invoice()

    assert found() == {"invoices": [(f"{late.number}, Marta Reis, €146.00", "")]}


def test_an_invoice_that_was_never_printed_is_printed_and_sent_by_a_button(owner_client, private_files):
    make_shop()
    invoice = make_unprinted_invoice()
    Job.objects.all().delete()

    press(owner_client, "Print and send it")
    run_due_jobs()

    assert [message.to for message in mail.outbox] == [["marta@example.org"]]
    assert mail.outbox[0].attachments[0][0] == f"{invoice.number}.pdf"
    assert found() == {}


def test_a_shelf_that_is_not_what_the_ledger_says_is_put_right(owner_client):
    make_shop()
    variant = make_differing_stock()
    unlimited = make_variant(available=None)
    StockMovement.objects.create(variant=unlimited, kind="corrected", quantity=3)
    assert [why for _what, why in found()["shelves"]] == [
        "The shop offers 7, the list of what came and went says 5."
    ]

    press(owner_client, "The shop’s figure is right")

    assert found() == {}
    variant.refresh_from_db()
    assert variant.available == StockMovement.shelf_by_ledger(variant.pk) == 7
    assert list(variant.movements.order_by("created").values_list("kind", "quantity")) == [
        ("received", 5),
        ("corrected", 2),
    ]


def test_a_review_that_has_money_leads_to_the_page_that_gives_it_back(owner_client):
    make_shop()
    order, without_money = make_review(), make_review()
    StripeSession.objects.filter(order=order).update(status="paid", session_id="cs_paid")

    page = owner_client.get("/admin/attention/").content.decode()

    assert reverse("admin:ecommerce_order_refund", args=[order.pk]) in page
    assert reverse("admin:ecommerce_order_refund", args=[without_money.pk]) not in page


def test_only_who_may_refund_asks_for_a_refund_again(client):
    make_shop()
    refund = make_failed_refund()
    staff = CustomUser.objects.create_user("staff@example.org", is_staff=True)
    may = Permission.objects.filter(codename__in=["view_refund", "change_refund", "change_order"])
    staff.user_permissions.set(may)
    log_in_as(client, staff)
    address = reverse("admin:ecommerce_refund_do", args=[refund.pk, "try_again"])

    assert client.post(address).status_code == 404
    staff.user_permissions.add(Permission.objects.get(codename="add_refund"))
    assert client.post(address).status_code == 302

    assert Refund.objects.count() == 2


def test_a_credit_note_is_printed_again_as_what_it_is(owner_client, private_files):
    make_shop()
    order = make_paid_order()
    refund = Refund.objects.create(
        order=order, session=order.sessions.get(), amount=500, currency="EUR", idempotency_key="re:1",
        status="succeeded",
    )  # fmt: skip
    with transaction.atomic():
        note = issue_credit_note(refund)
        cancellation = cancel_credit_note(note, refund)
    run_due_jobs()

    for document in (note, cancellation):
        owner_client.post(reverse("admin:ecommerce_invoice_do", args=[document.pk, "deliver_again"]))
    run_due_jobs()

    assert [hasattr(each, "pdf") for each in order.invoices.order_by("created")] == [True] * 3
    assert [mail.attachments[0][0] for mail in mail.outbox if "comes back" in mail.subject] == [
        f"{note.number}.pdf"
    ]
    assert not order.events.filter(why__contains="invoice is sent again").exists()
