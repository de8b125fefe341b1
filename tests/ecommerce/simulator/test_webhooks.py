import threading
import time

import pytest
import stripe

from shopfolio.ecommerce.simulator.app import create_app
from shopfolio.ecommerce.simulator.webhooks import MOST_ATTEMPTS, pause_after, signature
from tests.stripe_simulator import serve


def deliveries_left(simulator):
    with simulator.app.store.transaction() as tx:
        return tx.next_delivery(time.time() + 10_000, except_for=set())


def test_events_are_signed_and_carry_the_session(simulator):
    session = simulator.new_session(metadata={"order": "7"})
    simulator.pay(session.url)

    events = {
        event.type: event
        for event in simulator.sink.wait_for("checkout.session.completed", "payment_intent.succeeded")
    }

    completed = events["checkout.session.completed"]
    assert completed.api_version == stripe.api_version
    assert completed.id.startswith("evt_")
    told = completed.data.object
    assert (told["id"], told["payment_status"], told["metadata"]["order"]) == (session.id, "paid", "7")
    assert told["line_items"] is None
    assert events["payment_intent.succeeded"].data.object["id"] == told["payment_intent"]
    assert simulator.client.v1.events.retrieve(completed.id).type == "checkout.session.completed"


def test_a_signature_with_another_secret_is_not_accepted():
    header = signature("{}", "whsec_a", at=int(time.time()))

    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event("{}", header, "whsec_b")


def test_a_refused_webhook_is_sent_again_until_it_is_taken(simulator):
    simulator.sink.status = 500
    simulator.pay(simulator.new_session().url)
    simulator.sink.wait_for_attempts(2)

    simulator.sink.status = 200

    events = simulator.sink.wait_for("checkout.session.completed", "payment_intent.succeeded")
    assert len(events) == 2
    assert simulator.app.background.wait_until_idle()
    assert deliveries_left(simulator) is None


def test_pauses_grow_to_five_minutes_and_end_after_three_days():
    assert [pause_after(failed) for failed in range(8)] == [1, 2, 5, 10, 30, 60, 300, 300]
    assert sum(pause_after(failed) for failed in range(MOST_ATTEMPTS)) == pytest.approx(
        3 * 24 * 60 * 60, rel=0.01
    )


def test_webhooks_wait_while_nobody_is_named_to_take_them(simulator):
    simulator.webhook_url = ""
    simulator.client.v1.checkout.sessions.expire(simulator.new_session().id)
    assert simulator.sink.events == []

    simulator.webhook_url = simulator.sink.url

    assert len(simulator.sink.wait_for("checkout.session.expired")) == 1


def test_events_survive_the_end_of_the_process(simulator):
    simulator.webhook_url = ""
    session = simulator.new_session()
    simulator.pay(session.url)

    another = create_app(simulator.config)  # on the same file, as after a restart
    another.background.start()

    simulator.sink.wait_for("checkout.session.completed", "payment_intent.succeeded")
    another.close()
    assert deliveries_left(simulator) is None
    assert simulator.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_shop_that_hangs_delays_neither_the_api_nor_the_buyer(simulator):
    release, reached = threading.Event(), threading.Event()

    def hang(environ, start_response):
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        reached.set()
        release.wait(10)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    server, simulator.webhook_url = serve(hang)
    simulator.pay(simulator.new_session().url)
    assert reached.wait(5)

    started = time.monotonic()
    answer = simulator.pay(simulator.new_session().url)
    took = time.monotonic() - started

    release.set()
    server.shutdown()
    server.server_close()
    assert answer.status_code == 303
    assert took < 2


def test_events_are_listed_by_time_and_type(simulator):
    simulator.client.v1.checkout.sessions.expire(simulator.new_session().id)
    simulator.pay(simulator.new_session().url)
    events = simulator.client.v1.events

    everything = events.list().data
    completed = events.list({"types": ["checkout.session.completed"]}).data

    assert len(everything) == 3
    assert everything[-1].type == "checkout.session.expired"
    assert [event.type for event in completed] == ["checkout.session.completed"]
    assert events.list({"created": {"gt": everything[0].created + 60}}).data == []
    assert len(events.list({"limit": 1}).data) == 1
