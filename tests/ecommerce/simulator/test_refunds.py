from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

SLOW, FAILING = "4000000000007726", "4000000000005126"


@pytest.fixture
def paid(simulator):
    """The payment intent of 24.00 EUR, paid by a plain card."""
    return pay(simulator)


def pay(simulator, card="4242424242424242"):
    session = simulator.new_session()
    assert simulator.pay(session.url, card=card).status_code == 303
    return simulator.client.v1.checkout.sessions.retrieve(session.id).payment_intent


def refund(simulator, intent, amount=None, *, key=None, **params):
    if amount is not None:
        params["amount"] = amount
    options = {"idempotency_key": key} if key else {}
    return simulator.client.v1.refunds.create({"payment_intent": intent, **params}, options)


def charge_of(simulator, intent):
    found = simulator.client.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]})
    return found.latest_charge


def told(simulator):
    kinds = [event.type for event in simulator.client.v1.events.list({"limit": 100}).data]
    return [kind for kind in reversed(kinds) if "refund" in kind]


def test_a_part_goes_back_and_then_the_rest(simulator, paid):
    part = refund(simulator, paid, 1000, metadata={"refund": "7"}, reason="requested_by_customer")

    charge = charge_of(simulator, paid)
    assert (part.status, part.amount, part.currency, part.payment_intent) == ("succeeded", 1000, "eur", paid)
    assert (part.metadata["refund"], part.reason, part.charge) == ("7", "requested_by_customer", charge.id)
    assert (charge.amount_refunded, charge.refunded) == (1000, False)

    rest = refund(simulator, paid)

    charge = charge_of(simulator, paid)
    assert rest.amount == 1400
    assert (charge.amount_refunded, charge.refunded) == (2400, True)
    assert told(simulator) == ["refund.created", "charge.refunded"] * 2


def test_refunds_are_asked_for_by_id_and_by_payment(simulator, paid):
    other = pay(simulator)
    first, second = refund(simulator, paid, 1), refund(simulator, paid, 2)
    elsewhere = refund(simulator, other)

    found = simulator.client.v1.refunds.list({"payment_intent": paid}).data
    one = simulator.client.v1.refunds.retrieve(first.id, {"expand": ["charge", "payment_intent"]})

    assert [each.id for each in found] == [second.id, first.id]
    assert [each.id for each in simulator.client.v1.refunds.list({"limit": 1}).data] == [elsewhere.id]
    assert (one.charge.amount_refunded, one.payment_intent.id) == (3, paid)


def test_an_unknown_refund_does_not_exist(simulator):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        simulator.client.v1.refunds.retrieve("re_nothing")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"amount": 2401}, "amount", None),
        ({"amount": 0}, "amount", "parameter_invalid_integer"),
        ({"amount": -1}, "amount", "parameter_invalid_integer"),
        ({"amount": "12.5"}, "amount", "parameter_invalid_integer"),
        ({"reason": "regret"}, "reason", None),
        ({"colour": "red"}, "colour", "parameter_unknown"),
        ({"reverse_transfer": True}, "reverse_transfer", "not_simulated"),
        ({"metadata": {"key": "x" * 501}}, "metadata[key]", None),
        ({"payment_intent": "pi_nothing"}, "payment_intent", "resource_missing"),
        ({"charge": "ch_1"}, None, None),
    ],
)
def test_wrong_parameters_are_refused_by_name(simulator, paid, params, param, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refund(simulator, **({"intent": paid} | {"intent": params.pop("payment_intent", paid)} | params))

    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)
    assert charge_of(simulator, paid).amount_refunded == 0
    assert told(simulator) == []


def test_more_than_is_left_is_refused_with_the_figures(simulator, paid):
    refund(simulator, paid, 2000)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        refund(simulator, paid, 500)

    assert str(refused.value.user_message) == (
        "Refund amount (€5.00) is greater than unrefunded amount on charge (€4.00)"
    )
    assert charge_of(simulator, paid).amount_refunded == 2000


def test_what_has_gone_back_already_cannot_go_back_again(simulator, paid):
    refund(simulator, paid)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        refund(simulator, paid)

    assert (refused.value.http_status, refused.value.code) == (400, "charge_already_refunded")


def test_money_that_never_came_cannot_go_back(simulator):
    session = simulator.new_session()
    simulator.press(session.url, "pay_later")
    intent = simulator.client.v1.checkout.sessions.retrieve(session.id).payment_intent

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        refund(simulator, intent)


def test_a_bank_debit_goes_back_as_well(simulator):
    session = simulator.new_session()
    simulator.press(session.url, "pay_later")
    simulator.press(session.url, "succeed")
    intent = simulator.client.v1.checkout.sessions.retrieve(session.id).payment_intent

    assert refund(simulator, intent).status == "succeeded"


def test_the_same_key_gives_back_once(simulator, paid):
    first = refund(simulator, paid, 1000, key="re:1")

    again = refund(simulator, paid, 1000, key="re:1")

    assert again.to_dict() == first.to_dict()
    assert charge_of(simulator, paid).amount_refunded == 1000


def test_many_at_once_never_give_back_more_than_came(simulator, paid):
    def attempt(number):
        try:
            return refund(simulator, paid, 1000, key=f"re:{number}").amount
        except stripe.InvalidRequestError:
            return 0

    with ThreadPoolExecutor(8) as threads:
        given = sum(threads.map(attempt, range(8)))

    assert given == charge_of(simulator, paid).amount_refunded == 2000


def test_a_slow_refund_is_on_its_way_first(simulator):
    intent = pay(simulator, SLOW)
    began = refund(simulator, intent)
    assert (began.status, began.pending_reason) == ("pending", "processing")
    assert charge_of(simulator, intent).amount_refunded == 2400

    simulator.clock.ahead = 10
    simulator.app.background.wake()
    simulator.sink.wait_for("refund.updated")

    ended = simulator.client.v1.refunds.retrieve(began.id)
    assert (ended.status, ended.pending_reason) == ("succeeded", None)
    assert told(simulator) == ["refund.created", "charge.refunded", "refund.updated"]


def test_a_refund_that_fails_later_gives_the_money_back_to_the_shop(simulator):
    intent = pay(simulator, FAILING)
    began = refund(simulator, intent, 1000)
    assert (began.status, began.failure_reason) == ("succeeded", None)

    simulator.clock.ahead = 10

    ended = simulator.client.v1.refunds.list({"payment_intent": intent}).data[0]
    assert (ended.status, ended.failure_reason) == ("failed", "expired_or_canceled_card")
    assert charge_of(simulator, intent).amount_refunded == 0
    assert told(simulator) == ["refund.created", "charge.refunded", "refund.updated", "refund.failed"]
    assert simulator.client.v1.refunds.retrieve(began.id).status == "failed"


def test_events_about_refunds_name_their_payment(simulator, paid):
    refund(simulator, paid, 1000)

    simulator.sink.wait_for("refund.created", "charge.refunded")

    subjects = {event.type: event.data.object for event in simulator.sink.events}
    for kind in ("refund.created", "charge.refunded"):
        assert subjects[kind]["payment_intent"] == paid
    assert subjects["charge.refunded"]["amount_refunded"] == 1000
    assert "later" not in subjects["refund.created"]
