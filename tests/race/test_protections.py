"""Negative controls: each protection around rows is switched off, and what it prevents is seen to happen.

PostgreSQL lets two transactions write at once, and rows are locked. SQLite lets one begin at a time: there
the transaction is the lock, and nothing that is switched off here is missed, but the unique key of what is
written outside of one. test_one_writer.py switches SQLite's own protection off.
"""

import pytest
from django.db import IntegrityError, connection
from django.db.models import QuerySet

from shopfolio.ecommerce import webhooks
from shopfolio.ecommerce.gateway import EventHint
from shopfolio.ecommerce.models import (
    Invoice,
    InvoiceSeries,
    Order,
    StockMovement,
    StripeEvent,
    StripeSession,
    Variant,
)
from shopfolio.ecommerce.services import checkout, invoicing, payment, stock
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import enqueue
from tests.ecommerce.stripe_states import is_paid
from tests.factories import make_cart, make_paid_order, make_shop, make_variant, make_waiting_order
from tests.race.buying import buy
from tests.race.protections import (
    Meeting,
    look_then_write,
    meet_after,
    without_condition,
    without_constraints,
    without_row_locks,
    without_unique,
)
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

TWO_MAY_WRITE = connection.vendor == "postgresql"


def on(*, postgresql, sqlite):
    return postgresql if TWO_MAY_WRITE else sqlite


def two_buy_the_last_piece(monkeypatch):
    """Both have seen it on the shelf before either takes it. What came of it, and what the shelf says."""
    make_shop()
    variant = make_variant(available=1)
    carts = [make_cart((variant, 1)) for _ in range(2)]
    meet_after(monkeypatch, Meeting(sure=TWO_MAY_WRITE), checkout, "refuse_unsellable")

    outcomes = all_at_once(2, lambda index: buy(carts[index]))

    return outcomes, Variant.objects.get().available


ONE_GETS_IT = {"ordered": 1, "SoldOut": 1}


def test_of_two_who_see_the_last_piece_one_gets_it(monkeypatch):
    assert two_buy_the_last_piece(monkeypatch) == (ONE_GETS_IT, 0)


def test_without_the_condition_only_the_check_of_the_database_is_left(monkeypatch):
    without_condition(monkeypatch, stock)

    outcomes, left = two_buy_the_last_piece(monkeypatch)

    assert outcomes == on(postgresql={"ordered": 1, "IntegrityError": 1}, sqlite=ONE_GETS_IT)
    assert left == 0


def test_who_looks_first_and_then_writes_sells_the_last_piece_twice(monkeypatch):
    """The figure never comes below nought, so no check sees it: the ledger alone knows."""
    without_condition(monkeypatch, stock)
    look_then_write(monkeypatch, stock, lambda _figure: Variant.objects.get().available)

    outcomes, left = two_buy_the_last_piece(monkeypatch)

    assert outcomes == on(postgresql={"ordered": 2}, sqlite=ONE_GETS_IT)
    assert left == 0
    assert StockMovement.shelf_by_ledger(Variant.objects.get().pk) == on(postgresql=-1, sqlite=0)


def two_carts_hold_the_same_goods_in_opposite_order(monkeypatch, *, both_get_one=False):
    """One takes its first piece, and reaches for its second when the other has taken its first, if it can."""
    make_shop()
    one, other = make_variant(), make_variant()
    carts = [make_cart((one, 1), (other, 1)), make_cart((other, 1), (one, 1))]
    meet_after(monkeypatch, Meeting(sure=both_get_one), stock, "reserve")

    return all_at_once(2, lambda index: buy(carts[index]))


def in_the_order_of_the_cart(order):
    return list(order.lines.exclude(variant=None).order_by("position").values_list("variant_id", "quantity"))


def test_rows_taken_in_key_order_are_waited_for(monkeypatch):
    assert two_carts_hold_the_same_goods_in_opposite_order(monkeypatch) == {"ordered": 2}


def test_rows_taken_in_the_carts_order_deadlock(monkeypatch):
    monkeypatch.setattr(stock, "pieces", in_the_order_of_the_cart)

    outcomes = two_carts_hold_the_same_goods_in_opposite_order(monkeypatch, both_get_one=TWO_MAY_WRITE)

    assert outcomes == on(postgresql={"ordered": 1, "OperationalError": 1}, sqlite={"ordered": 2})


def two_clicks_on_pay(monkeypatch, *, both_look=False):
    """One writes its order when the other has looked for one too, if it can. What came of it; the orders."""
    make_shop()
    cart = make_cart((make_variant(), 1))
    meet_after(monkeypatch, Meeting(sure=both_look), checkout, "find_open_order")

    return all_at_once(2, lambda _index: buy(cart)), Order.objects.count()


def test_the_carts_lock_makes_the_second_click_find_the_first_ones_order(monkeypatch):
    assert two_clicks_on_pay(monkeypatch) == ({"ordered": 2}, 1)


def test_without_the_carts_lock_the_unique_key_refuses_the_second_order(monkeypatch):
    without_row_locks(monkeypatch)

    outcomes, orders = two_clicks_on_pay(monkeypatch, both_look=TWO_MAY_WRITE)

    assert outcomes == on(postgresql={"ordered": 1, "IntegrityError": 1}, sqlite={"ordered": 2})
    assert orders == 1


def test_without_the_unique_key_too_a_cart_is_ordered_twice(monkeypatch):
    without_row_locks(monkeypatch)

    with without_constraints(Order, "ecommerce_order_one_open_per_cart"):
        outcomes, orders = two_clicks_on_pay(monkeypatch, both_look=TWO_MAY_WRITE)

    assert (outcomes, orders) == ({"ordered": 2}, on(postgresql=2, sqlite=1))


def meet_where_there_is_none(monkeypatch, model, meeting):
    """Both have looked for a row and seen that there is none before either writes it."""
    look = QuerySet.get

    def look_and_wait(rows, *args, **kwargs):
        try:
            return look(rows, *args, **kwargs)
        except model.DoesNotExist:
            meeting.wait()
            raise

    monkeypatch.setattr(QuerySet, "get", look_and_wait)


def two_promise_the_same_job(monkeypatch):
    """How many there are then."""
    meet_where_there_is_none(monkeypatch, Job, Meeting(sure=True))

    outcomes = all_at_once(2, lambda _index: enqueue("tasks.prune", key="prune-1") and "promised")

    assert outcomes == {"promised": 2}
    return Job.objects.count()


def test_the_same_job_promised_twice_at_once_is_one_row(monkeypatch):
    assert two_promise_the_same_job(monkeypatch) == 1


def test_without_the_unique_key_it_is_promised_twice(monkeypatch):
    with without_constraints(Job, "tasks_job_once"):
        assert two_promise_the_same_job(monkeypatch) == 2


def the_same_event_comes_twice(monkeypatch):
    """How many rows it has then, and how many jobs."""
    hint = EventHint(
        id="evt_1", type="checkout.session.completed", session_id="cs_1", livemode=False, payload={}
    )
    meet_where_there_is_none(monkeypatch, StripeEvent, Meeting(sure=TWO_MAY_WRITE))

    outcomes = all_at_once(2, lambda _index: webhooks.keep_event(hint) or "kept")

    assert outcomes == {"kept": 2}
    return StripeEvent.objects.count(), Job.objects.count()


def test_the_same_event_twice_at_once_is_one_row(monkeypatch):
    assert the_same_event_comes_twice(monkeypatch) == (1, 1)


def test_without_its_unique_id_an_event_is_kept_twice(monkeypatch):
    with without_unique(StripeEvent, "event_id"):
        assert the_same_event_comes_twice(monkeypatch) == (on(postgresql=2, sqlite=1), 1)


def test_an_order_cannot_be_offered_for_payment_twice():
    make_shop()
    order = make_waiting_order()

    with pytest.raises(IntegrityError, match=r"stripesession(_one_open|\.order_id)"):
        checkout.write_attempt(order)

    assert order.sessions.count() == 1


def test_without_the_unique_key_it_is_offered_twice():
    make_shop()
    order = make_waiting_order()

    with without_constraints(StripeSession, "ecommerce_stripesession_one_open"):
        checkout.write_attempt(order)

        assert list(order.sessions.values_list("status", flat=True)) == ["creating", "creating"]


def two_payments():
    """Of different orders, in a series that has a number already."""
    make_shop()
    make_paid_order()
    attempts = [make_waiting_order().sessions.get() for _ in range(2)]
    return [is_paid(attempt, payment_intent=f"pi_{attempt.pk}") for attempt in attempts]


def arrive(answers):
    """What came of it, and the numbers."""
    outcomes = all_at_once(2, lambda index: payment.record(answers[index]).status)

    return outcomes, list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True))


def test_two_payments_at_once_get_the_next_two_numbers(monkeypatch):
    answers = two_payments()
    meet_after(monkeypatch, Meeting(sure=False), invoicing, "take_number")

    assert arrive(answers) == ({"paid": 2}, [1, 2, 3])


def test_a_number_that_is_looked_up_and_not_locked_is_given_out_twice(monkeypatch):
    """The database refuses the second one, and its payment is not written down."""
    answers = two_payments()
    look_then_write(monkeypatch, invoicing, lambda _number: InvoiceSeries.objects.get().last_number)
    meet_after(monkeypatch, Meeting(sure=TWO_MAY_WRITE), invoicing, "F")

    outcomes, numbers = arrive(answers)

    assert outcomes == on(postgresql={"paid": 1, "IntegrityError": 1}, sqlite={"paid": 2})
    assert numbers == on(postgresql=[1, 2], sqlite=[1, 2, 3])


def the_same_payment_arrives_twice(monkeypatch):
    """Both have found its attempt before either locks the order."""
    make_shop()
    answer = is_paid(make_waiting_order().sessions.get())
    meet_after(monkeypatch, Meeting(sure=TWO_MAY_WRITE), payment, "find_attempt")

    outcomes = all_at_once(2, lambda _index: payment.record(answer).status)

    assert (Invoice.objects.count(), StockMovement.objects.filter(kind="sold").count()) == (1, 1)
    return outcomes


def test_the_second_hears_that_the_order_is_paid(monkeypatch):
    assert the_same_payment_arrives_twice(monkeypatch) == {"paid": 2}


def test_without_the_orders_lock_the_second_fails_at_the_transition(monkeypatch):
    """Still one sale: the transition asks once more what the order was before."""
    without_row_locks(monkeypatch)

    outcomes = the_same_payment_arrives_twice(monkeypatch)

    assert outcomes == on(postgresql={"paid": 1, "IllegalTransition": 1}, sqlite={"paid": 2})
