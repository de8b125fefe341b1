import time

import pytest
import stripe

from tests.stripe_simulator import line_item

HOUR = 60 * 60


def test_a_new_session_is_open_and_leads_to_its_pay_page(simulator):
    session = simulator.new_session(
        client_reference_id="order-7", metadata={"order": "7"}, customer_email="marta@example.org"
    )

    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status, session.livemode) == ("open", "unpaid", False)
    assert (session.amount_total, session.amount_subtotal, session.currency) == (2400, 2400, "eur")
    assert (session.client_reference_id, session.metadata["order"]) == ("order-7", "7")
    assert session.customer_email == "marta@example.org"
    assert session.url == f"{simulator.url}/c/pay/{session.id}"
    assert session.payment_intent is None
    assert session.expires_at == session.created + 24 * HOUR
    assert session.last_response.headers["Request-Id"].startswith("req_")


def test_a_retrieved_session_is_the_created_one(simulator):
    created = simulator.new_session()

    found = simulator.client.v1.checkout.sessions.retrieve(created.id)

    assert found.to_dict() == created.to_dict()
    assert found.line_items is None


def test_line_items_come_when_they_are_asked_for(simulator):
    created = simulator.new_session(line_items=[line_item("Print", 1200, 2), line_item("Book", 500, 1)])

    found = simulator.client.v1.checkout.sessions.retrieve(created.id, {"expand": ["line_items"]})

    items = [
        (item.description, item.quantity, item.amount_total, item.price.unit_amount)
        for item in found.line_items.data
    ]
    assert items == [("Print", 2, 2400, 1200), ("Book", 1, 500, 500)]
    assert found.line_items.has_more is False


def test_an_expanded_list_of_line_items_ends_at_ten_and_says_so(simulator):
    created = simulator.new_session(line_items=[line_item(f"Line {n}", 100, 1) for n in range(12)])

    found = simulator.client.v1.checkout.sessions.retrieve(created.id, {"expand": ["line_items"]})
    everything = simulator.client.v1.checkout.sessions.line_items.list(created.id, {"limit": 5})

    assert len(found.line_items.data) == 10
    assert found.line_items.has_more is True
    assert [item.description for item in everything.auto_paging_iter()] == [f"Line {n}" for n in range(12)]


def test_what_cannot_be_expanded_is_refused(simulator):
    session = simulator.new_session()

    with pytest.raises(stripe.InvalidRequestError, match=r"cannot be expanded \(currency\)"):
        simulator.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["currency"]})


def test_an_unknown_session_is_missing(simulator):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        simulator.client.v1.checkout.sessions.retrieve("cs_test_nothing")

    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


def test_sessions_are_listed_newest_first_in_pages(simulator):
    ids = [simulator.new_session().id for _ in range(5)][::-1]
    sessions = simulator.client.v1.checkout.sessions

    first = sessions.list({"limit": 2})
    second = sessions.list({"limit": 2, "starting_after": ids[1]})
    last = sessions.list({"limit": 2, "starting_after": ids[3]})
    back = sessions.list({"limit": 2, "ending_before": ids[3]})

    assert [session.id for session in first.data] == ids[:2]
    assert [session.id for session in second.data] == ids[2:4]
    assert [session.id for session in last.data] == ids[4:]
    assert [session.id for session in back.data] == ids[1:3]
    assert [page.has_more for page in (first, second, last, back)] == [True, True, False, True]
    assert [session.id for session in sessions.list({"limit": 2}).auto_paging_iter()] == ids


def test_sessions_are_found_by_payment_intent_and_time(simulator):
    paid, other = simulator.new_session(), simulator.new_session()
    simulator.pay(paid.url)
    sessions = simulator.client.v1.checkout.sessions
    intent = sessions.retrieve(paid.id).payment_intent

    assert [session.id for session in sessions.list({"payment_intent": intent}).data] == [paid.id]
    assert [session.id for session in sessions.list({"status": "open"}).data] == [other.id]
    assert sessions.list({"created": {"gt": paid.created + 1}}).data == []
    assert len(sessions.list({"created": {"gte": paid.created, "lte": other.created}}).data) == 2


def test_an_open_session_can_be_expired_by_the_shop(simulator):
    session = simulator.new_session()

    expired = simulator.client.v1.checkout.sessions.expire(session.id)

    assert (expired.status, expired.url) == ("expired", None)
    [event] = simulator.sink.wait_for("checkout.session.expired")
    assert event.data.object["id"] == session.id


@pytest.mark.parametrize("ending", ["expired", "complete"])
def test_a_session_that_ended_cannot_be_expired(simulator, ending):
    session = simulator.new_session()
    if ending == "expired":
        simulator.client.v1.checkout.sessions.expire(session.id)
    else:
        simulator.pay(session.url)

    with pytest.raises(stripe.InvalidRequestError, match=f"has a status of `{ending}`") as refusal:
        simulator.client.v1.checkout.sessions.expire(session.id)

    assert refusal.value.http_status == 400
    assert simulator.client.v1.checkout.sessions.retrieve(session.id).status == ending


def test_a_session_past_its_time_is_expired_once_without_being_asked_for(simulator):
    session = simulator.new_session(expires_at=int(time.time()) + 31 * 60)

    simulator.clock.ahead = 32 * 60

    simulator.sink.wait_for("checkout.session.expired")
    found = simulator.client.v1.checkout.sessions.retrieve(session.id)
    assert found.status == "expired"
    events = simulator.client.v1.events.list({"type": "checkout.session.expired"})
    assert len(events.data) == 1


def test_a_session_past_its_time_is_seen_as_expired_at_the_next_look(simulator):
    session = simulator.new_session(expires_at=int(time.time()) + 31 * 60)

    simulator.clock.ahead = 32 * 60

    assert simulator.client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert [found.status for found in simulator.client.v1.checkout.sessions.list().data] == ["expired"]


@pytest.mark.parametrize("ahead", [29 * 60, 24 * HOUR + 60])
def test_the_time_of_expiry_is_between_half_an_hour_and_a_day_ahead(simulator, ahead):
    with pytest.raises(stripe.InvalidRequestError, match="expires_at") as refusal:
        simulator.new_session(expires_at=int(time.time()) + ahead)

    assert (refusal.value.http_status, refusal.value.param) == (400, "expires_at")
