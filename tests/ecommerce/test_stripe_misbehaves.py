"""Whatever happens to a call on its way: the buyer reads what is so, and our books follow Stripe's later."""

import time
from typing import Any

import pytest
from django.utils import timezone

from shopfolio.ecommerce.models import CartLine, Invoice, Order, StripeEvent, StripeSession, Variant
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import enqueue, run_due_jobs
from tests.factories import carry_cart, make_cart, make_product, make_shop, make_variant
from tests.misbehaving import FAULTS

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

LATER = "The payment service does not answer. Nothing was charged. Please try again in a minute."


@pytest.fixture
def variant(private_files):
    make_shop()
    return make_variant(make_product("Tide Table"), price=14_000, available=5)


@pytest.fixture
def cart(client, variant):
    cart = make_cart((variant, 2))
    carry_cart(client, cart)
    return cart


def filled(**fields: Any) -> dict[str, Any]:
    form = {
        "email": "marta@example.org", "name": "Marta Reis", "address_line1": "Rua da Sofia 81",
        "postcode": "3000-391", "city": "Coimbra", "country": "PT", "total": "28600", "terms": "on",
    }  # fmt: skip
    return form | fields


def press_pay(client, **fields):
    return client.post("/checkout/", filled(**fields))


def time_passes():
    """All that waits for its time is due, as a minute later; what waits for Stripe is not."""
    Job.objects.filter(status="due", waits_for="").update(due_at=timezone.now())
    run_due_jobs()


def look_out():
    """What happens every thirty seconds."""
    enqueue("ecommerce.watch_stripe", key=f"watch-{time.monotonic_ns()}")
    run_due_jobs()


def shelf():
    return Variant.objects.get().available


def states():
    return list(Order.objects.order_by("created").values_list("status", flat=True))


def sessions_at(simulator, status=None):
    found = simulator.client.v1.checkout.sessions.list({"limit": 100}).data
    return [session for session in found if status in {None, session.status}]


def charges_at(simulator):
    return simulator.client.v1.events.list({"type": "payment_intent.succeeded"}).data


@pytest.mark.parametrize("fault", FAULTS)
def test_when_no_session_can_be_made_the_buyer_keeps_the_form_and_pays_once_later(
    client, road, simulator, cart, fault
):
    with road.faulty(fault, on="create"):
        answer = press_pay(client)
        asked = road.asked["create"]
        time_passes()

    text = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert LATER in text
    assert 'value="Coimbra"' in text
    assert (states(), shelf()) == (["draft"], 3)
    assert asked <= 2
    follow_ups = Job.objects.filter(name="ecommerce.follow_attempt")
    assert set(follow_ups.values_list("status", "waits_for", "attempts")) == {("due", "stripe", 0)}

    look_out()

    assert (states(), shelf()) == (["awaiting_payment"], 3)
    assert not follow_ups.exclude(status="done").exists()
    again = press_pay(client)
    [session] = sessions_at(simulator)
    assert (again.status_code, again["Location"]) == (303, session.url)
    simulator.pay(session.url)
    client.get("/checkout/return/", {"session_id": session.id})
    assert (states(), shelf(), Invoice.objects.count()) == (["paid"], 3, 1)
    assert len(charges_at(simulator)) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_when_a_payment_cannot_be_looked_up_the_page_waits_and_the_sale_follows(
    client, road, simulator, cart, fault
):
    simulator.pay(press_pay(client)["Location"])
    session_id = StripeSession.objects.get().session_id
    event = receive("checkout.session.completed", session_id)

    with road.faulty(fault, on="retrieve"):
        answer = client.get("/checkout/return/", {"session_id": session_id})
        run_due_jobs()
        time_passes()

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "We are asking the bank" in text
    assert 'http-equiv="refresh"' in text
    assert (states(), shelf(), Invoice.objects.count()) == (["awaiting_payment"], 3, 0)
    assert CartLine.objects.count() == 1
    event.refresh_from_db()
    assert event.status == "received"
    assert set(Job.objects.filter(name="ecommerce.handle_event").values_list("waits_for", "attempts")) == {
        ("stripe", 0)
    }

    look_out()

    event.refresh_from_db()
    assert (states(), shelf(), Invoice.objects.count()) == (["paid"], 3, 1)
    assert event.status == "handled"
    assert CartLine.objects.count() == 0
    assert Email.objects.filter(to="marta@example.org").count() == 1
    assert not Job.objects.exclude(status="done").exists()
    assert client.get("/checkout/return/", {"session_id": session_id}).status_code == 303


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_old_page_cannot_be_closed_no_second_one_opens(client, road, simulator, cart, fault):
    old = press_pay(client)["Location"]
    CartLine.objects.update(quantity=3)

    with road.faulty(fault, on="expire"):
        answer = press_pay(client, total="42600")

    assert (answer.status_code, LATER in answer.content.decode()) == (503, True)
    assert 'value="Coimbra"' in answer.content.decode()
    assert (states(), shelf()) == (["awaiting_payment"], 3)
    assert len(sessions_at(simulator)) == 1

    new = press_pay(client, total="42600")["Location"]

    assert new != old
    assert [session.url for session in sessions_at(simulator, "open")] == [new]
    assert (states(), shelf()) == (["expired", "awaiting_payment"], 2)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_payment_that_nobody_told_us_of_is_found_once_stripe_can_be_asked(
    client, road, simulator, cart, fault
):
    """The buyer closed the browser after paying, and no webhook came."""
    simulator.pay(press_pay(client)["Location"])
    press_pay_of_another_buyer(client, cart)

    with road.faulty(fault, on="list"):
        look_out()
    assert states() == ["awaiting_payment", "awaiting_payment"]

    look_out()

    assert states() == ["paid", "awaiting_payment"]
    assert Invoice.objects.get().order.cart == cart


def press_pay_of_another_buyer(client, cart):
    other = make_cart((Variant.objects.get(), 1))
    carry_cart(client, other)
    press_pay(client, total="14600")
    carry_cart(client, cart)


def receive(kind, session_id, *, event_id="evt_1", **fields):
    payload = {"livemode": False} | fields
    event = StripeEvent.objects.create(event_id=event_id, type=kind, session_id=session_id, payload=payload)
    enqueue("ecommerce.handle_event", key=event_id, event_pk=str(event.pk))
    return event
