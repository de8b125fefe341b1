"""Many hands on one order's money."""

from uuid import uuid4

import pytest

from shopfolio.ecommerce.models import Invoice, Order, Refund
from shopfolio.ecommerce.services import refunds
from shopfolio.ecommerce.services.refund_settlement import make_refund, settle_refunds
from shopfolio.ecommerce.services.refunds import refund_order
from shopfolio.tasks.models import Job
from tests.counts import count
from tests.factories import make_paid_order, make_shop
from tests.race.protections import Meeting, without_row_locks
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

CLICKS = count(20, 60)


@pytest.fixture
def stripe(refunds_at_stripe):
    make_shop()
    return refunds_at_stripe


@pytest.fixture
def order(stripe):
    return make_paid_order()


def asked_for():
    return sum(Refund.objects.exclude(status="failed").values_list("amount", flat=True))


def intent_of(order):
    return order.find_payment().payment_intent


def test_of_many_clicks_on_refund_all_one_counts(order):
    outcomes = all_at_once(CLICKS, lambda _index: refund_order(order) and "promised")

    assert outcomes == {"promised": 1, "CannotRefund": CLICKS - 1}
    assert asked_for() == 14_600
    assert Job.objects.filter(name="ecommerce.make_refund").count() == 1


def test_many_parts_at_once_are_never_more_than_was_paid(order, stripe):
    outcomes = all_at_once(CLICKS, lambda _index: refund_order(order, amount=1_000) and "promised")
    all_at_once(4, lambda _index: [make_refund(pk) for pk in Refund.objects.values_list("pk", flat=True)])

    assert outcomes == {"promised": 14, "CannotRefund": CLICKS - 14}
    order.refresh_from_db()
    assert (order.status, order.amount_refunded) == ("partially_refunded", 14_000)
    assert stripe.gone(intent_of(order)) == 14_000
    notes = Invoice.objects.filter(kind="credit_note").order_by("sequence")
    assert list(notes.values_list("sequence", "total")) == [(number, -1_000) for number in range(1, 15)]


def test_a_form_sent_many_times_at_once_is_one_refund(order):
    wish = uuid4()

    outcomes = all_at_once(8, lambda _index: refund_order(order, amount=1_000, wish=wish).pk)

    assert outcomes == {str(wish): 8}
    assert asked_for() == 1_000


def two_ask_for_all(monkeypatch, order, ask, *, both_look):
    """Both have seen that all is left before either writes, if both may look."""
    meeting, promise = Meeting(sure=both_look), refunds.promise

    def wait_and_promise(*args, **kwargs):
        meeting.wait()
        return promise(*args, **kwargs)

    monkeypatch.setattr(refunds, "promise", wait_and_promise)
    return all_at_once(2, lambda _index: ask(order) and "promised")


def test_of_two_who_see_that_all_is_left_one_gets_it(monkeypatch, order):
    assert two_ask_for_all(monkeypatch, order, refund_order, both_look=False) == {
        "promised": 1, "CannotRefund": 1,
    }  # fmt: skip
    assert asked_for() == 14_600


def test_without_transaction_and_lock_twice_as_much_is_promised(monkeypatch, order, stripe):
    """Negative control. Stripe still refuses the second, and the books stay within what came."""
    without_row_locks(monkeypatch)
    monkeypatch.setattr(refunds, "require_transaction", lambda what: None)

    outcomes = two_ask_for_all(monkeypatch, order, refund_order.__wrapped__, both_look=True)

    assert outcomes == {"promised": 2}
    assert asked_for() == 29_200
    for refund_id in Refund.objects.values_list("pk", flat=True):
        make_refund(refund_id)
    assert stripe.gone(intent_of(order)) == Order.objects.get().amount_refunded == 14_600
    assert sorted(Refund.objects.values_list("status", flat=True)) == ["failed", "succeeded"]


def test_the_job_the_events_and_the_nightly_run_at_once_are_one_refund(order, stripe):
    refund = refund_order(order, restock=True)

    outcomes = all_at_once(
        9, lambda index: settle_refunds(intent_of(order)) if index % 3 else make_refund(refund.pk)
    )
    settle_refunds(intent_of(order))

    assert sum(outcomes.values()) == outcomes["None"] + outcomes[order.number] == 9
    order.refresh_from_db()
    assert (order.status, order.amount_refunded) == ("refunded", 14_600)
    assert stripe.gone(intent_of(order)) == 14_600
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    assert order.movements.filter(kind="returned").count() == 1
    assert Job.objects.filter(name="ecommerce.deliver_refund").count() == 1


def test_a_refund_in_the_dashboard_is_one_row_however_many_events_tell_of_it(order, stripe):
    stripe.give_back(intent_of(order), 5_000)

    outcomes = all_at_once(8, lambda _index: settle_refunds(intent_of(order)))

    assert outcomes == {order.number: 8}
    assert list(Refund.objects.values_list("amount", "status")) == [(5_000, "succeeded")]


def test_credit_notes_of_many_orders_at_once_have_no_gap(stripe):
    orders = [make_paid_order() for _ in range(8)]
    wanted = [refund_order(order) for order in orders]

    outcomes = all_at_once(8, lambda index: make_refund(wanted[index].pk))

    assert outcomes == {"None": 8}
    numbers = Invoice.objects.filter(kind="credit_note").order_by("sequence")
    assert list(numbers.values_list("sequence", flat=True)) == list(range(1, 9))
