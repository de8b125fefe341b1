"""Whatever happens to a call on its way: the buyer reads what is so, and our books follow Stripe's later."""

import pytest

from shopfolio.ecommerce.models import CartLine, Invoice, Order, StripeSession, Variant
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs
from tests.ecommerce.buying import (
    LATER,
    charges_at,
    look_out,
    press_pay,
    receive,
    sessions_at,
    shelf,
    states,
    time_passes,
)
from tests.factories import carry_cart, make_cart
from tests.misbehaving import FAULTS, SOME

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.mark.parametrize("fault", FAULTS)
def test_when_no_session_can_be_made_the_buyer_keeps_the_form_and_pays_once_later(
    client, road, simulator, two_prints, fault
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


@pytest.mark.parametrize("fault", SOME)
def test_when_a_payment_cannot_be_looked_up_the_page_waits_and_the_sale_follows(
    client, road, simulator, two_prints, fault
):
    simulator.pay(press_pay(client)["Location"])
    session_id = StripeSession.objects.get().session_id
    event = receive("checkout.session.completed", session_id)

    with road.faulty(fault, on="retrieve"):
        answer = client.get("/checkout/return/", {"session_id": session_id})
        run_due_jobs()
        time_passes()
    order_page = client.get(Order.objects.get().get_absolute_url()).content.decode()

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "We are asking the bank" in text
    assert 'http-equiv="refresh"' in text
    assert (states(), shelf(), Invoice.objects.count()) == (["awaiting_payment"], 3, 0)
    assert f'href="?session_id={session_id}&amp;looked=1"' in text
    assert "If you have just paid, please wait: this page looks again by itself." in order_page
    assert "Nothing was charged" not in order_page
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


@pytest.mark.parametrize("fault", SOME)
def test_while_the_old_page_cannot_be_closed_no_second_one_opens(client, road, simulator, two_prints, fault):
    old = press_pay(client)["Location"]
    CartLine.objects.update(quantity=3)

    with road.faulty(fault, on="expire"):
        answer = press_pay(client, total="42600")

    assert (answer.status_code, "Nothing was charged" in answer.content.decode()) == (503, False)
    assert "You have begun to pay for this cart before" in answer.content.decode()
    assert 'value="Coimbra"' in answer.content.decode()
    assert (states(), shelf()) == (["awaiting_payment"], 3)
    assert len(sessions_at(simulator)) == 1

    new = press_pay(client, total="42600")["Location"]

    assert new != old
    assert [session.url for session in sessions_at(simulator, "open")] == [new]
    assert (states(), shelf()) == (["expired", "awaiting_payment"], 2)


@pytest.mark.parametrize("fault", SOME)
def test_a_payment_that_nobody_told_us_of_is_found_once_stripe_can_be_asked(
    client, road, simulator, two_prints, fault
):
    """The buyer closed the browser after paying, and no webhook came."""
    simulator.pay(press_pay(client)["Location"])
    press_pay_of_another_buyer(client, two_prints)

    with road.faulty(fault, on="list"):
        look_out()
    assert states() == ["awaiting_payment", "awaiting_payment"]

    look_out()

    assert states() == ["paid", "awaiting_payment"]
    assert Invoice.objects.get().order.cart == two_prints


def press_pay_of_another_buyer(client, cart):
    other = make_cart((Variant.objects.get(), 1))
    carry_cart(client, other)
    press_pay(client, total="14600")
    carry_cart(client, cart)
