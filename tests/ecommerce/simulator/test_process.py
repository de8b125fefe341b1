"""The command as `shopfolio up` starts it: a process of its own, which may be killed at any moment."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests
import stripe

from tests.counts import count
from tests.stripe_simulator import KEY, WEBHOOK_SECRET, WebhookSink, session_params

PATIENCE = 30


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    """Starts the command and waits until it answers."""
    port, processes = free_port(), []

    def start(webhook_url):
        command = [sys.executable, "-m", "shopfolio", "stripe_simulator", "--port", str(port), "--key", KEY]
        command += ["--webhook-secret", WEBHOOK_SECRET, "--webhook-url", webhook_url]
        own = {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "shopfolio.settings"}
        environment = os.environ | own
        processes.append(subprocess.Popen(command, env=environment, start_new_session=True))
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                requests.get(f"http://127.0.0.1:{port}/pay.css", timeout=5)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return processes[-1], f"http://127.0.0.1:{port}"
        raise AssertionError("The simulator did not start.")

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)


def test_a_killed_simulator_forgets_nothing_and_still_tells(start):
    nobody = f"http://127.0.0.1:{free_port()}/"
    process, url = start(nobody)
    client = stripe.StripeClient(KEY, base_addresses={"api": url})
    options = {"idempotency_key": "co:1"}
    session = client.v1.checkout.sessions.create(session_params(), options)
    form = {"action": "pay", "card_number": "4242424242424242", "email": "marta@example.org"}
    assert requests.post(session.url, data=form, allow_redirects=False, timeout=10).status_code == 303

    os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    sink = WebhookSink()
    process, url = start(sink.url)

    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert client.v1.checkout.sessions.create(session_params(), options).id == session.id
    events = sink.wait_for("checkout.session.completed", "payment_intent.succeeded")
    assert len(events) == 2

    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    sink.stop()


KILLS = count(1, 10)


def pay(session):
    form = {"action": "pay", "card_number": "4242424242424242", "email": "marta@example.org"}
    return requests.post(session.url, data=form, allow_redirects=False, timeout=10)


def pay_until_it_dies(sessions, thanked):
    for session in sessions:
        try:
            answer = pay(session)
        except requests.RequestException:
            return
        if answer.status_code == 303:
            thanked.add(session.id)


@pytest.mark.parametrize("kill", range(KILLS))
def test_killed_while_buyers_pay_it_charges_each_of_them_once(start, kill):
    sink = WebhookSink()
    process, url = start(sink.url)
    client = stripe.StripeClient(KEY, base_addresses={"api": url})
    sessions = [client.v1.checkout.sessions.create(session_params()) for _ in range(20)]
    thanked = set()
    buyers = threading.Thread(target=pay_until_it_dies, args=(sessions, thanked))

    buyers.start()
    time.sleep(random.uniform(0.01, 0.15))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    buyers.join()
    start(sink.url)
    paid = {session.id for session in client.v1.checkout.sessions.list({"limit": 100, "status": "complete"})}
    again = {session.id: pay(session).status_code for session in sessions}

    assert thanked <= paid
    assert again == {session.id: 409 if session.id in paid else 303 for session in sessions}
    charges = client.v1.events.list({"type": "payment_intent.succeeded", "limit": 100}).data
    assert len({event.data.object["id"] for event in charges}) == len(charges) == 20
    sink.wait_until(lambda: len(told(sink)) == 20)
    sink.stop()


def told(sink):
    """Sessions that the shop has heard of; of one that was just sent at the kill it may hear twice."""
    return {event.data.object["id"] for event in sink.events if event.type == "checkout.session.completed"}
