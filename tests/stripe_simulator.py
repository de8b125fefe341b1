"""A running Stripe simulator for tests.

    from tests.stripe_simulator import simulator, simulator_process  # noqa: F401

in a conftest.py gives the fixture `simulator`: empty for every test, one server for the whole session.
"""

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
import requests
import stripe

from shopfolio.ecommerce.simulator.app import create_app
from shopfolio.ecommerce.simulator.config import Config

KEY = "sk_test_simulator_key_of_the_tests"
WEBHOOK_SECRET = "whsec_of_the_tests"
PATIENCE = 10


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class Clock:
    """The simulator's own time, which a test may move; webhooks are signed and sent by the machine's."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class WebhookSink:
    """Takes webhooks in the place of a shop. Set `status` to refuse them."""

    def __init__(self) -> None:
        self.status = 200
        self.events: list[stripe.Event] = []
        self.attempts = 0
        self._changed = threading.Condition()
        self._server, self.url = serve(self._take)

    def _take(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        event = stripe.Webhook.construct_event(body, environ["HTTP_STRIPE_SIGNATURE"], WEBHOOK_SECRET)
        with self._changed:
            self.attempts += 1
            if self.status == 200:
                self.events.append(event)
            self._changed.notify_all()
        start_response(f"{self.status} Whatever", [("Content-Length", "0")])
        return []

    def wait_for(self, *types: str) -> list[stripe.Event]:
        """The events so far, once each of these types is among them."""
        with self._changed:
            arrived = self._changed.wait_for(
                lambda: set(types) <= {event.type for event in self.events}, PATIENCE
            )
        assert arrived, f"{types} did not arrive, only {[event.type for event in self.events]}"
        return self.events

    def wait_until(self, happened: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(happened, PATIENCE), self.events

    def wait_for_attempts(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.attempts >= number, PATIENCE), self.attempts

    def reset(self) -> None:
        self.status, self.events, self.attempts = 200, [], 0

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class RunningSimulator:
    """What a test holds. Events go to `sink`, until `webhook_url` names a live server."""

    key = KEY
    webhook_secret = WEBHOOK_SECRET

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.sink = WebhookSink()
        self._server = Server(("127.0.0.1", 0), QuietHandler)
        self.config = Config(
            database=folder / "stripe.sqlite3",
            key=KEY,
            webhook_secret=WEBHOOK_SECRET,
            webhook_url=self.sink.url,
            port=self._server.server_port,
            business="Studio Vela",
            clock=self.clock,
        )
        self.app = create_app(self.config)
        self.url = self.config.url
        _run(self._server, self.app)
        self.app.background.start()
        self.client = self.new_client()

    def new_client(self, *, key: str = KEY, retries: int = 0) -> stripe.StripeClient:
        return stripe.StripeClient(key, base_addresses={"api": self.url}, max_network_retries=retries)

    @property
    def webhook_url(self) -> str:
        return self.app.background.url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        self.app.background.url = url
        self.app.background.wake()

    def new_session(self, **changes: Any) -> stripe.checkout.Session:
        """An open session over 24.00 EUR; `None` leaves a parameter out."""
        return self.client.v1.checkout.sessions.create(session_params(**changes))

    def pay(self, session_url: str, card: str = "4242424242424242", **fields: str) -> requests.Response:
        """What the buyer's browser sends; a 303 leads back to the shop and is not followed."""
        return self.press(session_url, "pay", card_number=card, **fields)

    def press(self, session_url: str, action: str, **fields: str) -> requests.Response:
        form = {"email": "buyer@example.org", "name": "Jenny Rosen", "action": action} | fields
        return requests.post(session_url, data=form, allow_redirects=False, timeout=PATIENCE)

    def reset(self) -> None:
        """Forget everything; events of an earlier test reach nobody."""
        self.app.background.url = ""
        assert self.app.background.wait_until_idle()
        with self.app.store.transaction() as tx:
            tx.forget_everything()
        self.clock.ahead = 0.0
        self.sink.reset()
        self.webhook_url = self.sink.url

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.app.close()
        self.sink.stop()


def serve(app: Callable[..., Any]) -> tuple[Server, str]:
    server = Server(("127.0.0.1", 0), QuietHandler)
    _run(server, app)
    return server, f"http://127.0.0.1:{server.server_port}"


def _run(server: Server, app: Callable[..., Any]) -> None:
    server.set_app(app)
    # Half a second of polling, the default, would be waited for at every stop.
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


def session_params(**changes: Any) -> Any:
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [line_item()],
        "success_url": "http://127.0.0.1:8000/checkout/return/?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:8000/checkout/cancelled/?session_id={CHECKOUT_SESSION_ID}",
    }
    return {name: value for name, value in (params | changes).items() if value is not None}


def line_item(
    name: str = "Tide Table", amount: Any = 1200, quantity: Any = 2, currency: str = "eur"
) -> dict[str, Any]:
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": name}}
    return {"price_data": price, "quantity": quantity}


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path_factory.mktemp("stripe"))
    yield running
    running.stop()


@pytest.fixture
def simulator(simulator_process: RunningSimulator) -> RunningSimulator:
    simulator_process.reset()
    return simulator_process
