import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.stripe_simulator import line_item, session_params


def create(simulator, key, **changes):
    options = {"idempotency_key": key}
    return simulator.client.v1.checkout.sessions.create(session_params(**changes), options)


def session_count(simulator):
    return len(simulator.client.v1.checkout.sessions.list({"limit": 100}).data)


def test_the_same_key_gives_the_first_answer_again(simulator):
    first = create(simulator, "co:1")

    again = create(simulator, "co:1")

    assert again.to_dict() == first.to_dict()
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Original-Request"] == first.last_response.headers["Request-Id"]
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert session_count(simulator) == 1


def test_the_first_answer_is_given_again_even_when_its_time_of_expiry_is_near(simulator):
    soon = int(time.time()) + 35 * 60
    first = create(simulator, "co:1", expires_at=soon)
    simulator.clock.ahead = 20 * 60

    assert create(simulator, "co:1", expires_at=soon).id == first.id


def test_the_same_key_with_other_parameters_is_refused(simulator):
    create(simulator, "co:1")

    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refusal:
        create(simulator, "co:1", line_items=[line_item(quantity=3)])

    assert refusal.value.http_status == 400
    assert session_count(simulator) == 1


def test_the_same_key_for_another_endpoint_is_refused(simulator):
    session = create(simulator, "co:1")

    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        simulator.client.v1.checkout.sessions.expire(session.id, options={"idempotency_key": "co:1"})

    assert simulator.client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_refusal_of_the_parameters_does_not_use_up_the_key(simulator):
    with pytest.raises(stripe.InvalidRequestError):
        create(simulator, "co:1", expires_at=1)

    assert create(simulator, "co:1").status == "open"


def test_a_refusal_by_the_state_is_kept(simulator):
    session = create(simulator, "co:1")
    simulator.pay(session.url)
    sessions = simulator.client.v1.checkout.sessions
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="complete") as refusal:
            sessions.expire(session.id, options={"idempotency_key": "ex:1"})

    assert refusal.value.headers["Idempotent-Replayed"] == "true"


def test_a_second_request_while_the_first_is_being_performed_is_a_conflict(simulator):
    blocker = sqlite3.connect(simulator.config.database, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")

    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(create, simulator, "co:1") for _ in range(2)]
        while not any(call.done() for call in calls):
            time.sleep(0.01)
        blocker.execute("ROLLBACK")
    blocker.close()

    [conflict] = [call.exception() for call in calls if call.exception()]
    assert (conflict.http_status, conflict.json_body["error"]["type"]) == (409, "idempotency_error")
    assert conflict.json_body["error"]["code"] == "idempotency_key_in_use"
    assert session_count(simulator) == 1


def test_many_requests_with_one_key_make_one_session(simulator):
    client = simulator.new_client(retries=8)
    options = {"idempotency_key": "co:1"}

    with ThreadPoolExecutor(10) as threads:
        found = list(
            threads.map(lambda _: client.v1.checkout.sessions.create(session_params(), options).id, range(30))
        )

    assert len(set(found)) == 1
    assert session_count(simulator) == 1


def test_keys_are_forgotten_after_a_day(simulator):
    first = create(simulator, "co:1")

    simulator.clock.ahead = 25 * 60 * 60
    simulator.app.background.wake()

    simulator.sink.wait_for("checkout.session.expired")
    assert create(simulator, "co:1").id != first.id
