"""What Stripe tells us, when, how often and in which order; and what buyers do meanwhile."""

import itertools
import json
import time

import pytest
import stripe
from django.db import connection

from shopfolio.ecommerce.models import Invoice, Order, StripeEvent, StripeSession
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_due_jobs
from tests.ecommerce.buying import (
    charges_at,
    look_out,
    press_pay,
    receive,
    sessions_at,
    shelf,
    states,
    time_passes,
)
from tests.processes import wait_for
from tests.stripe_simulator import WEBHOOK_SECRET

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

DECLINED = "4000000000000002"


@pytest.fixture
def paid_session(client, road, simulator, two_prints):
    """The buyer has paid and closed the browser."""
    simulator.pay(press_pay(client)["Location"])
    return StripeSession.objects.get()


def deliver(client, event, *, at=None, secret=WEBHOOK_SECRET):
    """Bring Stripe's event to our door, signed."""
    payload = json.dumps(event)
    stamp = int(at or time.time())
    signature = stripe.WebhookSignature._compute_signature(f"{stamp}.{payload}", secret)
    return client.post(
        "/webhooks/stripe/",
        payload,
        content_type="application/json",
        headers={"stripe-signature": f"t={stamp},v1={signature}"},
    )


def event_about(session_id, kind="checkout.session.completed", *, number=1, **fields):
    subject = {"id": session_id, "object": "checkout.session"}
    return {"id": f"evt_{number}", "type": kind, "livemode": False, "data": {"object": subject}} | fields


@pytest.fixture(autouse=True)
def _secret(settings):
    settings.STRIPE_WEBHOOK_SECRET = [WEBHOOK_SECRET]


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_overtakes_the_answer_finds_its_order(
    client, live_server, road, simulator, two_prints
):
    """The session is paid and told of before we have heard that it exists."""
    simulator.webhook_url = f"{live_server.url}/webhooks/stripe/"
    seen = {}

    def pay_before_answering(exchange):
        answer = exchange.forward()
        simulator.pay(answer.json()["url"])
        try:
            wait_for(lambda: StripeEvent.objects.filter(type="checkout.session.completed").exists(), 20)
            seen["our row"] = StripeSession.objects.get().session_id
            run_due_jobs()
            seen["order"] = states()
        finally:
            connection.close()
        exchange.pass_on(answer)

    with road.faulty(pay_before_answering, on="create"):
        answer = press_pay(client)

    assert seen == {"our row": None, "order": ["paid"]}
    assert (answer.status_code, answer["Location"]) == (303, Order.objects.get().get_absolute_url())
    attempt = StripeSession.objects.get()
    assert (attempt.status, attempt.session_id) == ("paid", sessions_at(simulator)[0].id)
    assert (states(), shelf(), Invoice.objects.count()) == (["paid"], 3, 1)


@pytest.mark.django_db(transaction=True)
def test_who_closes_the_browser_after_paying_has_bought(client, live_server, road, simulator, two_prints):
    simulator.webhook_url = f"{live_server.url}/webhooks/stripe/"

    simulator.pay(press_pay(client)["Location"])
    wait_for(lambda: StripeEvent.objects.filter(type="checkout.session.completed").exists(), 20)
    run_due_jobs()

    assert (states(), shelf(), Invoice.objects.count()) == (["paid"], 3, 1)
    assert set(StripeEvent.objects.values_list("type", "status")) == {
        ("checkout.session.completed", "handled"),
        ("payment_intent.succeeded", "ignored"),
    }


def test_a_webhook_that_never_comes_is_not_needed(paid_session):
    look_out()

    assert (states(), shelf(), Invoice.objects.count()) == (["paid"], 3, 1)
    assert not StripeEvent.objects.exists()


def test_an_event_twice_and_another_about_the_same_are_one_sale(client, paid_session, simulator):
    first, second = (event_about(paid_session.session_id, number=number) for number in (1, 2))
    for event in (first, first, second, second):
        assert deliver(client, event).status_code == 200

    run_due_jobs()
    deliver(client, first)
    run_due_jobs()

    assert (states(), Invoice.objects.count()) == (["paid"], 1)
    assert list(StripeEvent.objects.values_list("status", flat=True)) == ["handled", "handled"]
    assert len(charges_at(simulator)) == 1


KINDS = [
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_failed",
]


def test_in_whatever_order_events_come_stripe_is_asked_what_is_true(client, paid_session):
    number = itertools.count(1)
    for order in itertools.permutations(KINDS):
        for kind in order:
            deliver(client, event_about(paid_session.session_id, kind, number=next(number)))
            run_due_jobs()

    assert (states(), shelf(), Invoice.objects.count()) == (["paid"], 3, 1)
    assert list(Order.objects.get().events.values_list("to_status", flat=True)) == [
        "draft",
        "awaiting_payment",
        "paid",
    ]


@pytest.mark.parametrize("wrong", [{"secret": "whsec_guessed"}, {"at": time.time() - 301}])
def test_a_forged_or_stale_event_moves_nothing(client, paid_session, road, wrong):
    asked = road.asked.total()

    answer = deliver(client, event_about(paid_session.session_id), **wrong)
    run_due_jobs()

    assert answer.status_code == 400
    assert (states(), Invoice.objects.count(), road.asked.total()) == (["awaiting_payment"], 0, asked)
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(
    "event",
    [
        {
            "id": "evt_1",
            "type": "customer.created",
            "data": {"object": {"id": "cus_1", "object": "customer"}},
        },
        {"id": "evt_1", "type": "made.up.tomorrow", "data": {"object": {"id": "x_1", "object": "x"}}},
        event_about("cs_live_1", livemode=True),
    ],
    ids=["another kind", "a kind of tomorrow", "of the live shop"],
)
def test_an_event_that_is_not_for_us_is_kept_and_asks_nobody(client, road, event):
    assert deliver(client, {"livemode": False} | event).status_code == 200

    run_due_jobs()

    assert StripeEvent.objects.get().status == "ignored"
    assert Job.objects.get().status == "done"
    assert road.asked.total() == 0


def test_another_shops_session_on_our_account_is_asked_for_once_and_left_alone(client, road, simulator):
    other = simulator.new_session()
    simulator.pay(other.url)
    deliver(client, event_about(other.id))

    run_due_jobs()

    assert StripeEvent.objects.get().status == "ignored"
    assert Job.objects.get().status == "done"
    assert dict(road.asked) == {"retrieve": 1}


def test_a_session_that_nobody_knows_is_asked_for_once_and_left_alone(client, road):
    deliver(client, event_about("cs_test_of_nobody"))

    run_due_jobs()

    assert StripeEvent.objects.get().status == "ignored"
    assert Job.objects.get().status == "done"
    assert dict(road.asked) == {"retrieve": 1}


def test_a_session_of_ours_that_stripe_does_not_know_is_put_before_the_owner_once(
    client, road, simulator, two_prints
):
    """The shop was given another account's key: nobody can tell whether the old session was paid."""
    press_pay(client)
    session_id = StripeSession.objects.get().session_id
    event = receive("checkout.session.completed", session_id)
    simulator.reset()
    road.asked.clear()

    time_passes()
    for _ in range(3):
        look_out()

    [follow_up] = Job.objects.filter(name="ecommerce.follow_attempt", status="dead")
    assert f"Stripe does not know the session {session_id}. Was it made with the key of another" in (
        follow_up.last_error
    )
    event.refresh_from_db()
    assert event.status == "received"
    assert road.asked["retrieve"] == 5  # four follow-ups and the event, once each
    assert (states(), shelf()) == (["awaiting_payment"], 3)


def test_the_buyer_of_a_session_that_stripe_does_not_know_is_told_whom_to_ask(
    client, road, simulator, two_prints
):
    press_pay(client)
    simulator.reset()

    answer = press_pay(client, city="Porto")

    text = answer.content.decode()
    assert answer.status_code == 503
    assert "An earlier payment for this cannot be looked up. Please write to us before you pay again." in text
    assert 'value="Porto"' in text
    assert sessions_at(simulator) == []


def test_a_declined_card_leaves_the_order_waiting_until_another_one_pays(client, road, simulator, two_prints):
    pay_page = press_pay(client)["Location"]

    refused = simulator.pay(pay_page, card=DECLINED)
    look_out()
    order = Order.objects.get()
    waiting = client.get(order.get_absolute_url()).content.decode()

    assert refused.status_code == 402
    assert "It waits for your payment." in waiting
    assert f'href="{pay_page}"' in waiting
    assert (states(), shelf(), Invoice.objects.count()) == (["awaiting_payment"], 3, 0)
    simulator.pay(pay_page)
    look_out()
    assert (states(), shelf(), Invoice.objects.count()) == (["paid"], 3, 1)


def test_an_expired_session_gives_the_goods_back_and_can_be_ordered_again(
    client, road, simulator, two_prints
):
    pay_page = press_pay(client)["Location"]
    simulator.client.v1.checkout.sessions.expire(StripeSession.objects.get().session_id)

    too_late = simulator.pay(pay_page)
    look_out()

    assert (too_late.status_code, states(), shelf()) == (410, ["expired"], 5)
    order = Order.objects.get()
    text = client.get(order.get_absolute_url()).content.decode()
    assert "This order has run out." in text
    assert "Nothing was charged" in text
    again = press_pay(client)
    assert again.status_code == 303
    assert again["Location"] not in {pay_page, order.get_absolute_url()}
    assert (states(), shelf()) == (["expired", "awaiting_payment"], 3)
