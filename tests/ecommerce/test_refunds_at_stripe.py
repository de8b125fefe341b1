"""Refunds through the SDK, over a road that may break, at a simulator that refuses what Stripe refuses."""

import pytest
import requests
from django.db import transaction

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import KeySpent, PaymentUnavailable, RefundRefused
from shopfolio.ecommerce.models import Invoice, Order, Refund
from shopfolio.ecommerce.services import payment, refund_settlement
from shopfolio.ecommerce.services.checkout import start_checkout
from shopfolio.ecommerce.services.pricing import price_cart
from shopfolio.ecommerce.services.refund_settlement import differing_payments, make_refund, settle_refunds
from shopfolio.ecommerce.services.refunds import refund_order
from tests.factories import make_buyer, make_cart, make_shop, make_variant
from tests.misbehaving import FAULTS, KeepsItsError

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

SLOW, FAILING = "4000000000007726", "4000000000005126"
OVER = {"cut after it was done", "half an answer", "slow"}
"""Faults after which the refund is there, though we do not know."""


@pytest.fixture
def buy(road, simulator):
    make_shop()

    def buy(card="4242424242424242") -> Order:
        cart = make_cart((make_variant(available=5), 1))
        url = start_checkout(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)
        assert simulator.pay(url, card=card).status_code == 303
        attempt = Order.objects.get(cart=cart).sessions.get()
        return payment.settle(attempt.session_id)

    return buy


def intent_of(order):
    return order.find_payment().payment_intent


def at_stripe(simulator, order):
    found = simulator.client.v1.refunds.list({"payment_intent": intent_of(order)}).data
    return sorted((each.amount, each.status) for each in found)


def books(order):
    order = Order.objects.get(pk=order.pk)
    return order.status, order.amount_refunded


def test_a_refund_arrives_at_stripe_and_in_the_books(buy, simulator):
    order = buy()
    refund = refund_order(order, amount=5_000)

    make_refund(refund.pk)

    assert at_stripe(simulator, order) == [(5_000, "succeeded")]
    assert books(order) == ("partially_refunded", 5_000)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_whatever_happens_on_the_road_the_money_goes_back_once(buy, simulator, road, fault):
    order = buy()
    refund = refund_order(order, amount=5_000)

    with road.faulty(fault, on="refund"), pytest.raises(PaymentUnavailable):
        make_refund(refund.pk)
    known = at_stripe(simulator, order)
    assert known == ([(5_000, "succeeded")] if fault in OVER else [])
    assert books(order) == ("paid", 0)
    for _ in range(2):
        make_refund(refund.pk)

    assert at_stripe(simulator, order) == [(5_000, "succeeded")]
    assert books(order) == ("partially_refunded", 5_000)
    assert Invoice.objects.filter(kind="credit_note").count() == 1


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_without_an_answer_to_what_there_is_nothing_is_asked_for(buy, simulator, road, fault):
    order = buy()
    refund = refund_order(order, amount=5_000)

    with road.faulty(fault, on="refunds"), pytest.raises(PaymentUnavailable):
        make_refund(refund.pk)

    assert at_stripe(simulator, order) == []
    assert (road.asked["refund"], Refund.objects.get().status) == (0, "created")


def test_a_lost_answer_is_found_again_after_stripe_has_forgotten_the_key(buy, simulator, road):
    order = buy()
    refund = refund_order(order, amount=5_000)
    with road.faulty("cut after it was done", on="refund"), pytest.raises(PaymentUnavailable):
        make_refund(refund.pk)

    simulator.clock.ahead = 25 * 60 * 60
    with simulator.app.store.transaction() as tx:
        tx.forget_answers(before=simulator.clock())
    make_refund(refund.pk)

    assert road.asked["refund"] == 1
    assert at_stripe(simulator, order) == [(5_000, "succeeded")]
    assert books(order) == ("partially_refunded", 5_000)


def test_without_asking_first_a_forgotten_key_gives_back_twice(buy, simulator, road, monkeypatch):
    """Negative control: what the question before the request is there for."""
    order = buy()
    refund = refund_order(order, amount=5_000)
    monkeypatch.setattr(refund_settlement, "settle_refunds", lambda intent: None)
    with road.faulty("cut after it was done", on="refund"), pytest.raises(PaymentUnavailable):
        make_refund(refund.pk)

    simulator.clock.ahead = 25 * 60 * 60
    with simulator.app.store.transaction() as tx:
        tx.forget_answers(before=simulator.clock())
    make_refund(refund.pk)

    assert at_stripe(simulator, order) == [(5_000, "succeeded")] * 2


@pytest.mark.parametrize("performed", [False, True])
def test_an_error_that_stripe_keeps_repeating_is_got_past(buy, simulator, road, performed):
    order = buy()
    refund = refund_order(order, amount=5_000)

    with road.faulty(KeepsItsError(performed=performed), on="refund"):
        with pytest.raises(PaymentUnavailable):
            make_refund(refund.pk)
        if not performed:
            with pytest.raises(KeySpent):
                make_refund(refund.pk)
    make_refund(refund.pk)

    assert at_stripe(simulator, order) == [(5_000, "succeeded")]
    assert books(order) == ("partially_refunded", 5_000)
    refund.refresh_from_db()
    assert refund.idempotency_key == (f"re:{refund.pk}" if performed else f"re:{refund.pk}:2")


def test_more_than_stripe_has_left_is_refused_for_good(buy, simulator):
    order = buy()
    refund = refund_order(order, amount=14_600)
    simulator.client.v1.refunds.create({"payment_intent": intent_of(order), "amount": 10_000})

    make_refund(refund.pk)

    refund.refresh_from_db()
    assert refund.status == "failed"
    assert "is greater than unrefunded amount on charge (€46.00)" in refund.last_error
    assert books(order) == ("partially_refunded", 10_000)
    assert at_stripe(simulator, order) == [(10_000, "succeeded")]


def test_stripes_own_word_for_what_went_back_already_is_kept(buy, simulator):
    order = buy()
    simulator.client.v1.refunds.create({"payment_intent": intent_of(order)})

    with pytest.raises(RefundRefused, match="charge_already_refunded"):
        gateway.create_refund(
            payment_intent=intent_of(order), amount=1, reason="duplicate", metadata={}, idempotency_key="re:1"
        )


def test_a_refund_in_the_dashboard_is_seen(buy, simulator):
    order = buy()
    simulator.client.v1.refunds.create({"payment_intent": intent_of(order), "amount": 5_000})

    assert differing_payments() == [intent_of(order)]
    settle_refunds(intent_of(order))

    assert differing_payments() == []
    assert books(order) == ("partially_refunded", 5_000)
    assert Refund.objects.get().reason == "Made at Stripe"


def test_a_slow_card_and_one_that_fails_later(buy, simulator):
    slow, failing = buy(SLOW), buy(FAILING)
    for order in (slow, failing):
        make_refund(refund_order(order).pk)
    assert (books(slow), books(failing)) == (("paid", 0), ("refunded", 14_600))

    simulator.clock.ahead = 60
    for intent in differing_payments():
        settle_refunds(intent)

    assert (books(slow), books(failing)) == (("refunded", 14_600), ("paid", 0))


def test_a_payment_that_stripe_does_not_know_cannot_go_back(buy, simulator):
    order = buy()
    refund = refund_order(order, amount=1)
    payment_ = order.find_payment()
    payment_.payment_intent = "pi_of_another_account"
    payment_.save(update_fields=["payment_intent"])

    make_refund(refund.pk)

    refund.refresh_from_db()
    assert refund.status == "failed"
    assert "No such payment_intent: 'pi_of_another_account'" in refund.last_error


def test_stripe_is_never_asked_inside_a_transaction(buy):
    refund = refund_order(buy(), amount=1)

    with pytest.raises(RuntimeError, match="inside a transaction"), transaction.atomic():
        make_refund(refund.pk)


def test_the_session_of_a_payment_is_found(buy, simulator):
    order = buy()

    assert gateway.find_session_of(intent_of(order)) == order.sessions.get().session_id
    assert gateway.find_session_of("pi_nothing") == ""


def test_the_cards_for_refunds_stand_on_the_pay_page(simulator):
    page = requests.get(simulator.new_session().url, timeout=5).text

    for text in (
        "4000 0000 0000 7726",
        "a refund takes a while",
        "4000 0000 0000 5126",
        "a refund fails later",
    ):
        assert text in page
