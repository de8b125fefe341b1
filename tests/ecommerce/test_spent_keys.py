"""An idempotency key under which Stripe gives nothing but an error any more."""

import pytest

from shopfolio.ecommerce.models import Order, StripeSession
from shopfolio.tasks.models import Job
from tests.ecommerce.buying import LATER, look_out, press_pay, sessions_at, shelf, states, time_passes
from tests.misbehaving import KeepsItsError
from tests.stripe_simulator import line_item, session_params

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def attempts():
    return list(StripeSession.objects.order_by("created").values_list("status", flat=True))


def test_a_session_behind_an_error_that_stripe_repeats_is_taken_over(client, road, simulator, two_prints):
    with road.faulty(KeepsItsError(performed=True), on="create"):
        answer = press_pay(client)

    [session] = sessions_at(simulator)
    assert (answer.status_code, answer["Location"]) == (303, session.url)
    assert (states(), attempts(), shelf()) == (["awaiting_payment"], ["open"], 3)
    assert StripeSession.objects.get().session_id == session.id


def test_where_there_is_none_the_next_click_begins_again_under_another_key(
    client, road, simulator, two_prints
):
    """Stripe repeats its error for a day: so long the cart could not be paid."""
    broken = KeepsItsError(performed=False)
    with road.faulty(broken, on="create"):
        down = press_pay(client)
        spent = set(broken.keys)

    answer = press_pay(client)

    assert (down.status_code, LATER in down.content.decode()) == (503, True)
    [session] = sessions_at(simulator)
    assert (answer.status_code, answer["Location"]) == (303, session.url)
    paying = StripeSession.objects.get(status="open")
    assert paying.session_id == session.id
    assert paying.idempotency_key not in spent
    assert set(states()) == {"cancelled", "awaiting_payment"}
    assert shelf() == 3


def test_before_it_begins_again_stripe_has_said_what_there_is(client, road, simulator, two_prints):
    """While the list cannot be had either, there might be a session: nothing is given up."""
    with road.faulty(KeepsItsError(performed=True)):
        down = press_pay(client)
    assert (down.status_code, states(), attempts()) == (503, ["draft"], ["creating"])
    kept = KeepsItsError(performed=True)
    kept.keys.add(StripeSession.objects.get().idempotency_key)

    with road.faulty(kept, on="create"):
        answer = press_pay(client)

    [session] = sessions_at(simulator)
    assert answer["Location"] == session.url
    assert (states(), attempts()) == (["awaiting_payment"], ["open"])


def test_nobody_at_the_page_means_that_the_goods_go_back(client, road, simulator, two_prints):
    broken = KeepsItsError(performed=False)
    with road.faulty("cut before it arrived", on="create"):
        press_pay(client)
    broken.keys.add(StripeSession.objects.get().idempotency_key)

    with road.faulty(broken, on="create"):
        look_out()
        time_passes()

    assert (states(), attempts(), shelf()) == (["cancelled"], ["abandoned"], 5)
    assert sessions_at(simulator) == []
    assert not Job.objects.filter(name="ecommerce.follow_attempt").exclude(status="done").exists()


def test_a_key_that_another_program_used_is_left_to_it(client, road, simulator, two_prints):
    with road.faulty("cut before it arrived", on="create"):
        press_pay(client)
    key = StripeSession.objects.get().idempotency_key
    theirs = simulator.client.v1.checkout.sessions.create(session_params(), {"idempotency_key": key})

    answer = press_pay(client)

    ours, other = sessions_at(simulator, "open")
    assert other.id == theirs.id
    assert answer["Location"] == ours.url
    assert ours.amount_total == 28_600
    assert (states(), attempts()) == (["cancelled", "awaiting_payment"], ["abandoned", "open"])


def test_a_session_of_ours_for_another_amount_is_closed_before_it_begins_again(
    client, road, simulator, two_prints
):
    """As after a backup was restored: the key and the attempt are the same, the order is not."""
    with road.faulty("cut before it arrived", on="create"):
        press_pay(client)
    attempt = StripeSession.objects.get()
    wrong = session_params(
        line_items=[line_item(amount=100, quantity=1)],
        metadata={"attempt": str(attempt.pk)},
        client_reference_id=str(attempt.order_id),
    )
    simulator.client.v1.checkout.sessions.create(wrong, {"idempotency_key": attempt.idempotency_key})

    answer = press_pay(client)

    [payable] = sessions_at(simulator, "open")
    assert (answer["Location"], payable.amount_total) == (payable.url, 28_600)
    assert [session.amount_total for session in sessions_at(simulator, "expired")] == [100]
    assert Order.objects.filter(status="awaiting_payment").count() == 1
