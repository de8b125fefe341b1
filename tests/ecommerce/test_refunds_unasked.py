"""Refunds that nobody here asked for: made at Stripe, of a second payment; and those of orders in review."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import CannotRefund
from shopfolio.ecommerce.models import (
    Invoice,
    Refund,
    StockMovement,
    StripeEvent,
    StripeSession,
)
from shopfolio.ecommerce.services import payment
from shopfolio.ecommerce.services.refund_settlement import settle_refunds
from shopfolio.ecommerce.services.refunds import refund_order
from shopfolio.ecommerce.tasks import reconcile
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import enqueue, run_due_jobs
from tests.ecommerce.refund_states import figures, fresh, intent_of, paid_twice, shelf
from tests.ecommerce.stripe_states import has_expired, is_paid
from tests.factories import (
    make_paid_order,
    make_variant,
    make_waiting_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def order(stripe):
    """Paid: a print for 140.00 and 6.00 of delivery, both with 23 % tax inside."""
    return make_paid_order((make_variant(available=5), 1))


def in_review(variant=None):
    """Paid after it had expired, when its goods were gone."""
    order = make_waiting_order((variant or make_variant(available=1), 1))
    attempt = order.sessions.get()
    payment.record(is_paid(attempt, amount=1, payment_intent=f"pi_{order.number}"))
    return fresh(order)


def test_a_refund_made_at_stripe_becomes_a_row_with_all_that_follows(order, stripe):
    made = stripe.give_back(intent_of(order), 5_000)

    for _ in range(2):
        assert settle_refunds(intent_of(order)) == order

    refund = Refund.objects.get()
    assert (refund.refund_id, refund.status, refund.reason) == (made.id, "succeeded", "Made at Stripe")
    assert figures(order) == ("partially_refunded", 14_600, 5_000)
    assert refund.credit_note.total == -5_000
    assert Job.objects.filter(name="ecommerce.deliver_refund").count() == 1


def receive(kind, subject, event_id="evt_1"):
    payload = {"livemode": False, "data": {"object": subject}}
    event = StripeEvent.objects.create(event_id=event_id, type=kind, payload=payload)
    enqueue("ecommerce.handle_event", key=event_id, event_pk=str(event.pk))
    return event


@pytest.mark.parametrize(
    "kind", ["charge.refunded", "refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
)
def test_events_about_refunds_make_us_ask(order, stripe, kind):
    stripe.give_back(intent_of(order), 5_000)
    event = receive(kind, {"id": "x_1", "payment_intent": intent_of(order), "amount_refunded": 1})

    run_due_jobs()

    event.refresh_from_db()
    assert event.status == "handled"
    assert figures(order) == ("partially_refunded", 14_600, 5_000)


def test_another_shops_refund_is_nothing_to_us(order, stripe):
    event = receive("refund.created", {"id": "re_other", "payment_intent": "pi_other"})
    nameless = receive("refund.created", {"id": "re_other", "payment_intent": None}, "evt_2")

    run_due_jobs()

    event.refresh_from_db()
    nameless.refresh_from_db()
    assert (event.status, nameless.status) == ("ignored", "ignored")
    assert not Refund.objects.exists()


def test_news_of_a_refund_may_overtake_those_of_the_payment(stripe, monkeypatch):
    order = make_waiting_order()
    attempt = order.sessions.get()
    paid = is_paid(attempt, payment_intent="pi_quick")
    monkeypatch.setattr(gateway, "find_session_of", lambda intent: paid.id)
    monkeypatch.setattr(gateway, "retrieve_session", lambda session_id, timeout=None: paid)
    receive("charge.refunded", {"id": "ch_1", "payment_intent": "pi_quick"})
    monkeypatch.setattr(gateway, "retrieve_refunds", lambda intent: [stripe.give_back(intent, 14_600)])

    run_due_jobs()

    assert figures(order) == ("refunded", 14_600, 14_600)
    assert order.invoices.filter(kind="credit_note").count() == 1


def test_the_nightly_run_finds_what_nobody_told_us_of(order, stripe):
    stripe.give_back(intent_of(order), 5_000)
    lost = refund_order(make_paid_order(), amount=1_000)
    Refund.objects.filter(pk=lost.pk).update(created=timezone.now() - timedelta(minutes=2))
    Job.objects.all().delete()

    reconcile()
    run_due_jobs()

    assert figures(order) == ("partially_refunded", 14_600, 5_000)
    lost.refresh_from_db()
    assert lost.status == "succeeded"


def test_the_nightly_run_asks_only_about_what_differs(order, stripe):
    refund_order(order, amount=1_000)
    run_due_jobs()
    stripe.asked.clear()

    reconcile()
    run_due_jobs()

    assert stripe.asked == ["since"]


def test_what_stripe_could_not_be_asked_for_within_an_hour_needs_a_look(order, stripe):
    refund = refund_order(order)
    assert not Refund.objects.need_a_look().exists()

    Refund.objects.update(created=timezone.now() - timedelta(hours=2))

    assert list(Refund.objects.need_a_look()) == [refund]


def second_payment(order, **fields):
    first = order.find_payment() or order.sessions.get()
    second = StripeSession.objects.create(
        order=order, number=2, amount=order.total, currency="EUR", idempotency_key="co:second", request={},
        expires_at=first.expires_at,
    )  # fmt: skip
    payment.record(is_paid(second, **({"payment_intent": "pi_second"} | fields)))
    second.refresh_from_db()
    return second


def test_a_second_payment_goes_back_by_itself(order, stripe):
    second = second_payment(order)
    assert paid_twice() == [order]
    run_due_jobs()

    assert paid_twice() == []
    refund = Refund.objects.get()
    assert (refund.session, refund.amount, refund.status) == (second, 14_600, "succeeded")
    assert stripe.gone("pi_second") == 14_600
    assert stripe.gone(intent_of(order)) == 0
    assert figures(order) == ("paid", 14_600, 0)
    assert not Invoice.objects.filter(kind="credit_note").exists()
    assert shelf(order) == 4
    assert "was paid twice" in Email.objects.get(key__startswith="order-refunded").text
    notice = Email.objects.get(key__startswith="owner-notice")
    assert (notice.to, notice.subject) == ("ines@example.org", f"Order {order.number} wants a look")
    assert "Paid a second time" in notice.text


def test_a_second_payment_of_another_sum_goes_back_whole(order, stripe):
    second = second_payment(order, amount=99)
    run_due_jobs()

    assert stripe.gone("pi_second") == 99
    assert (second.is_surplus, second.left_to_refund) == (True, 0)
    assert figures(order) == ("paid", 14_600, 0)


def test_the_first_payment_can_go_back_after_the_second_has(order, stripe):
    second_payment(order)
    refund_order(order)
    run_due_jobs()

    assert (stripe.gone("pi_second"), stripe.gone(intent_of(order))) == (14_600, 14_600)
    assert figures(order) == ("refunded", 14_600, 14_600)
    assert Invoice.objects.filter(kind="credit_note").count() == 1


def test_a_second_payment_that_went_back_in_the_dashboard_is_not_the_orders(order, stripe):
    second_payment(order)
    Job.objects.filter(name="ecommerce.make_refund").delete()
    stripe.give_back("pi_second", 14_600)

    settle_refunds("pi_second")

    assert figures(order) == ("paid", 14_600, 0)
    assert not Invoice.objects.filter(kind="credit_note").exists()


def test_a_second_payment_of_an_order_in_review_goes_back_too(stripe):
    order = in_review()

    second = second_payment(order)
    run_due_jobs()

    assert second.is_surplus
    assert stripe.gone("pi_second") == 14_600
    assert figures(order) == ("review", 1, 0)


def test_from_review_all_of_it_goes_back_and_the_goods_are_for_others(stripe):
    variant = make_variant(available=1)
    order = in_review(variant)
    variant.refresh_from_db()
    assert (variant.available, figures(order)) == (0, ("review", 1, 0))

    refund = refund_order(order)
    run_due_jobs()

    refund.refresh_from_db()
    variant.refresh_from_db()
    assert figures(order) == ("refunded", 1, 1)
    assert variant.available == 1 == StockMovement.shelf_by_ledger(variant.pk)
    assert not Invoice.objects.exists()
    assert refund.credit_note is None
    assert Email.objects.filter(key__startswith="order-refunded", to=order.email).count() == 1


def test_from_review_a_part_does_not_go_back(stripe):
    order = make_waiting_order()
    payment.record(is_paid(order.sessions.get(), amount=1_000))

    with pytest.raises(CannotRefund, match=r"€10\.00 goes back, all or nothing"):
        refund_order(fresh(order), amount=500)


def test_money_in_another_currency_goes_back_in_it(stripe):
    order = make_waiting_order()
    payment.record(is_paid(order.sessions.get(), amount=15_900, currency="USD"))
    assert figures(order) == ("review", 0, 0)

    refund = refund_order(fresh(order))
    run_due_jobs()

    assert (refund.amount, refund.currency) == (15_900, "USD")
    assert figures(order) == ("refunded", 0, 0)


def test_a_refund_from_review_that_comes_back_is_in_review_again(stripe):
    order = in_review()
    refund = refund_order(order)
    run_due_jobs()
    refund.refresh_from_db()

    stripe.decide(refund.refund_id, "failed")
    settle_refunds(intent_of(order))

    assert figures(order) == ("review", 1, 0)
    assert refund_order(order).amount == 1


def test_an_order_whose_money_is_on_its_way_back_does_not_become_a_sale(stripe, monkeypatch):
    variant = make_variant(available=1)
    order = make_waiting_order((variant, 1))
    attempt = order.sessions.get()
    payment.record(has_expired(attempt))
    attempt.refresh_from_db()
    StripeSession.objects.filter(pk=attempt.pk).update(status="expired")
    other = make_waiting_order((variant, 1), email="quicker@example.org")
    paid = is_paid(attempt)
    payment.record(paid)
    assert figures(order) == ("review", 14_600, 0)
    payment.record(has_expired(other.sessions.get()))
    refund_order(fresh(order))
    monkeypatch.setattr(gateway, "retrieve_session", lambda session_id, timeout=None: paid)

    payment.ask_again(fresh(order))

    assert figures(order) == ("review", 14_600, 0)
    assert not Invoice.objects.exists()


def test_the_owner_hears_of_an_order_that_needs_a_look(stripe):
    order = in_review()

    run_due_jobs()

    mail = Email.objects.get(to="ines@example.org")
    assert mail.subject == f"Order {order.number} wants a look"
    assert "Stripe was paid 1 EUR, the order is 14600 EUR" in mail.text
