"""A buyer who complains to the bank: the owner hears of it, and nothing is decided without them."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from shopfolio import attention
from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import CannotRefund, PaymentUnavailable
from shopfolio.ecommerce.figures import takings
from shopfolio.ecommerce.gateway import DisputeState
from shopfolio.ecommerce.models import Invoice, Order, OrderEvent, Refund, StripeEvent, StripeSession
from shopfolio.ecommerce.order_words import advice_for
from shopfolio.ecommerce.services import payment
from shopfolio.ecommerce.services.checkout import start_checkout
from shopfolio.ecommerce.services.disputes import settle_disputes
from shopfolio.ecommerce.services.pricing import price_cart
from shopfolio.ecommerce.services.refund_settlement import make_refund
from shopfolio.ecommerce.services.refunds import refund_order
from shopfolio.ecommerce.tasks import reconcile
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import enqueue, run_due_jobs
from tests.ecommerce.stripe_states import is_paid
from tests.factories import (
    make_buyer,
    make_cart,
    make_file,
    make_paid_order,
    make_product,
    make_shop,
    make_variant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


class DisputesAtStripe:
    def __init__(self):
        self.disputes = []
        self.is_away = False

    def begin(self, order, status="needs_response", **fields):
        known = {
            "id": f"du_{len(self.disputes)}", "amount": 14_600, "currency": "EUR", "reason": "fraudulent",
            "answer_by": datetime(2026, 12, 9, tzinfo=UTC), "payment_intent": intent_of(order),
            "begun": timezone.now(),
        }  # fmt: skip
        self.disputes.insert(0, DisputeState(status=status, **(known | fields)))

    def retrieve_disputes(self, payment_intent):
        if self.is_away:
            raise PaymentUnavailable("away")
        return [each for each in self.disputes if each.payment_intent == payment_intent]

    def retrieve_disputes_since(self, moment):
        return self.disputes


@pytest.fixture
def stripe(monkeypatch, refunds_at_stripe):
    make_shop()
    stripe = DisputesAtStripe()
    for name in ("retrieve_disputes", "retrieve_disputes_since"):
        monkeypatch.setattr(gateway, name, getattr(stripe, name))
    return stripe


@pytest.fixture
def order(stripe):
    return make_paid_order((make_variant(available=5), 1))


def intent_of(order):
    return order.find_payment().payment_intent


def receive(order, kind="charge.dispute.created", number=1):
    subject = {"object": "dispute", "id": "du_0", "payment_intent": intent_of(order)}
    event = StripeEvent.objects.create(
        event_id=f"evt_{number}", type=kind, payload={"data": {"object": subject}}
    )
    enqueue("ecommerce.handle_event", key=event.event_id, event_pk=str(event.pk))
    return event


def story(order):
    return list(order.events.filter(to_status="").values_list("why", flat=True))


def cases():
    return [case for group in attention.look([attention.CHECKS["disputes"]]) for case in group.cases]


ASKED_BACK = (
    "The buyer’s bank has taken €146.00 back (fraudulent). Answer it in Stripe’s dashboard by "
    "9 December 2026, or the money is lost. Send nothing until it is decided."
)


def test_the_owner_hears_of_a_dispute_once_and_sees_it_until_it_is_answered(stripe, order):
    stripe.begin(order)
    event = receive(order)
    receive(order, "charge.dispute.funds_withdrawn", number=2)

    run_due_jobs()

    event.refresh_from_db()
    assert event.status == "handled"
    assert story(order) == [ASKED_BACK]
    assert Email.objects.filter(key__startswith="owner-notice-").count() == 1
    [case] = cases()
    assert (case.what, case.why) == ("Marta Reis, €146.00", "To be answered by 9 December 2026.")

    stripe.disputes.clear()
    stripe.begin(order, "under_review")
    receive(order, "charge.dispute.updated", number=3)
    run_due_jobs()

    assert story(order) == [ASKED_BACK, "The bank looks at what was answered about €146.00."]
    assert cases() == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("won", "The dispute about €146.00 is won: the money is yours."),
        ("lost", "The dispute about €146.00 is lost: the bank keeps the money, so refund nothing."),
        ("warning_closed", "The bank asks no more about €146.00."),
        ("a word of next year", "The bank asks no more about €146.00."),
    ],
)
def test_how_it_ends_is_told_and_changes_neither_sale_nor_documents(stripe, order, status, words):
    stripe.begin(order, status)
    receive(order, "charge.dispute.closed")

    run_due_jobs()

    assert story(order) == [words]
    assert Order.objects.get().status == "paid"
    assert (Invoice.objects.count(), Refund.objects.count()) == (1, 0)
    assert cases() == []


@pytest.mark.parametrize(
    ("status", "fields", "gone"),
    [
        ("needs_response", {"amount": 4_600}, 4_600),
        ("under_review", {}, 14_600),
        ("lost", {"amount": 20_000}, 14_600),
        ("lost", {"amount": 9_000, "currency": "USD"}, 14_600),
        ("won", {}, 0),
        ("warning_needs_response", {}, 0),
        ("warning_closed", {}, 0),
    ],
)
def test_what_the_bank_has_is_no_takings_and_not_refunded_as_well(stripe, order, status, fields, gone):
    stripe.begin(order, status, **fields)

    settle_disputes(intent_of(order))

    payment = order.find_payment()
    assert (payment.disputed, payment.left_to_refund) == (gone, 14_600 - gone)
    assert sum(takings(timezone.now() - timedelta(days=1)).values()) == 14_600 - gone
    with pytest.raises(CannotRefund):
        refund_order(order, amount=14_600 - gone + 1)


def test_won_money_counts_again(stripe, order):
    stripe.begin(order)
    settle_disputes(intent_of(order))
    stripe.disputes.clear()
    stripe.begin(order, "won")

    call_command("reconcile", stdout=(said := StringIO()))

    assert f"disputes 1/1 {order.number}" in said.getvalue()
    assert order.find_payment().left_to_refund == 14_600
    assert sum(takings(timezone.now() - timedelta(days=1)).values()) == 14_600


def test_downloads_stay_while_nothing_is_decided(stripe):
    product = make_product("Barca")
    make_file(product)
    order = make_paid_order((make_variant(product, kind="digital", available=None), 1))
    stripe.begin(order)

    settle_disputes(intent_of(order))

    assert order.entitlements.get().status == "active"


def test_of_several_the_one_that_waits_for_an_answer_is_told(stripe, order):
    stripe.begin(order)
    stripe.begin(order, "won")

    settle_disputes(intent_of(order))

    assert StripeSession.objects.get().dispute == "needs_response"


def test_the_owner_is_not_told_to_pack_what_a_bank_asks_back(stripe, order, admin_client):
    stripe.begin(order)
    settle_disputes(intent_of(order))

    page = admin_client.get(f"/admin/ecommerce/order/{order.pk}/change/").content.decode()

    assert advice_for(order, order.find_payment()) in page
    assert "€146.00 taken by the bank" in page
    assert "Pack it" not in page


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("needs_response", "send nothing yet"),
        ("under_review", "Send nothing until it is decided"),
        ("lost", "has kept the money. Send nothing."),
        ("won", "Pack it"),
        ("warning_closed", "Pack it"),
    ],
)
def test_what_to_do_follows_the_dispute(stripe, order, admin_client, status, advice):
    stripe.begin(order, status)
    settle_disputes(intent_of(order))

    page = admin_client.get(f"/admin/ecommerce/order/{order.pk}/change/").content.decode()

    assert advice in page
    assert ('class="main">Mark as sent' in page) is (advice == "Pack it")


def test_the_nightly_run_finds_what_nobody_told_us_of_once(stripe, order):
    stripe.begin(order)
    stripe.begin(order, id="du_of_another_shop", payment_intent="pi_of_another_shop")

    reconcile()
    run_due_jobs()
    Job.objects.filter(name="ecommerce.compare_disputes").delete()
    reconcile()
    run_due_jobs()

    assert story(order) == [ASKED_BACK]


def test_of_two_that_wait_the_first_to_be_lost_is_shown_and_both_are_told(stripe, order):
    stripe.begin(order, amount=4_600)
    settle_disputes(intent_of(order))
    stripe.begin(order, amount=1_000, answer_by=datetime(2026, 12, 28, tzinfo=UTC))

    settle_disputes(intent_of(order))

    payment = order.find_payment()
    assert (payment.answer_by, payment.disputed) == (datetime(2026, 12, 9, tzinfo=UTC), 5_600)
    first, second = story(order)
    assert ("€46.00" in first, "€10.00" in second) == (True, True)


def test_a_deadline_that_moves_is_seen(stripe, order):
    stripe.begin(order)
    settle_disputes(intent_of(order))
    stripe.disputes.clear()
    stripe.begin(order, answer_by=datetime(2026, 12, 20, tzinfo=UTC))

    reconcile()
    run_due_jobs()

    assert order.find_payment().answer_by == datetime(2026, 12, 20, tzinfo=UTC)
    assert len(story(order)) == 1


@pytest.mark.parametrize("later", ["won", "warning_closed"])
def test_what_a_bank_still_has_is_not_hidden_by_a_dispute_that_is_over(stripe, order, later):
    taken_at = datetime(2026, 11, 1, tzinfo=UTC)
    stripe.begin(order, "under_review", amount=4_600, begun=taken_at)
    stripe.begin(order, later, amount=1_000)

    settle_disputes(intent_of(order))

    payment = order.find_payment()
    assert (payment.dispute, payment.disputed, payment.disputed_at) == ("under_review", 4_600, taken_at)


def test_a_dispute_about_the_second_payment_does_not_hold_the_sale(stripe, order, admin_client):
    second = StripeSession.objects.create(
        order=order, number=2, status="paid", amount=14_600, currency="EUR", idempotency_key="x", request={},
        is_surplus=True, expires_at=timezone.now(), paid_at=timezone.now(), payment_intent="pi_second",
    )  # fmt: skip
    stripe.begin(order, "lost", payment_intent=second.payment_intent)
    settle_disputes(second.payment_intent)

    page = admin_client.get(f"/admin/ecommerce/order/{order.pk}/change/").content.decode()

    assert "Pack it" in page
    assert "€146.00 taken by the bank" in page


def test_what_is_sent_or_was_disputed_in_part_is_not_to_be_held_back(stripe, order):
    stripe.begin(order, "lost", amount=100)
    settle_disputes(intent_of(order))
    assert "Pack it" in advice_for(order, order.find_payment())

    stripe.disputes.clear()
    stripe.begin(order)
    settle_disputes(intent_of(order))
    order.fulfilment = Order.Fulfilment.SENT
    words = advice_for(order, order.find_payment())
    assert ("Answer in Stripe" in words, "send nothing" in words) == (True, False)


def test_money_that_a_bank_has_makes_no_sale_of_an_order_in_review(stripe, order, monkeypatch):
    stripe.begin(order)
    settle_disputes(intent_of(order))
    Order.objects.update(status=Order.Status.REVIEW, paid_at=None)

    paid = order.find_payment()
    payment.look_again(is_paid(paid, id=paid.session_id), by=None)

    assert Order.objects.get().status == "review"
    reasons = {event.why for event in order.events.all()}
    assert "The buyer’s bank has the money, or a part of it: no sale." in reasons


def test_while_stripe_is_away_the_news_waits(stripe, order):
    stripe.is_away = True
    stripe.begin(order)
    event = receive(order)

    run_due_jobs()

    event.refresh_from_db()
    assert (event.status, story(order)) == ("received", [])
    assert Job.objects.get(name="ecommerce.handle_event").waits_for == "stripe"


def test_another_shops_dispute_is_nothing_to_us(stripe, order):
    assert settle_disputes("pi_of_another_shop") is None
    assert settle_disputes("") is None
    assert OrderEvent.objects.filter(to_status="").count() == 0


def test_stripe_is_asked_and_makes_no_refund_of_what_a_bank_has_taken_back(road, simulator):
    make_shop()
    cart = make_cart((make_variant(available=5), 1))
    url = start_checkout(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)
    simulator.pay(url, card="4000000000000259")
    attempt = Order.objects.get().sessions.get()
    order = payment.settle(attempt.session_id)

    refund = refund_order(order)
    make_refund(refund.pk)
    settle_disputes(intent_of(order))

    attempt.refresh_from_db()
    refund.refresh_from_db()
    assert (attempt.dispute, attempt.is_to_be_answered) == ("needs_response", True)
    assert (attempt.disputed, attempt.left_to_refund) == (14_600, 0)
    assert attempt.answer_by is not None
    assert (refund.status, Order.objects.get().status) == ("failed", "paid")
    assert "charge_disputed" in refund.last_error
    [state] = gateway.retrieve_disputes_since(attempt.created)
    assert (state.amount, state.reason) == (14_600, "fraudulent")
    assert state.begun == attempt.disputed_at
