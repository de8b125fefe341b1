"""The command as `shopfolio up` starts it: a process of its own, which may be killed at any moment."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests
import stripe

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
