"""The road between our SDK and the simulator, on which everything that happens to real calls can happen.

    with road.faulty("slow", on="retrieve"):
        client.get(...)

Faults are named in FAULTS; `on` is create, retrieve, expire, list, refund, refunds (their
list), or nothing for every call.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stripe

from shopfolio.ecommerce import gateway
from tests.counts import count

SESSIONS, REFUNDS = "/v1/checkout/sessions", "/v1/refunds"
IMPATIENCE = {"TIMEOUT": 0.3, "BRIEFLY": 0.2}
"""Seconds that we wait for an answer that does not come."""


@dataclass
class Exchange:
    """One request on its way, and what may be done with it."""

    road: "Road"
    handler: BaseHTTPRequestHandler
    body: bytes

    @property
    def key(self) -> str:
        return str(self.handler.headers.get("Idempotency-Key", ""))

    def forward(self) -> requests.Response:
        headers = dict(self.handler.headers.items()) | {"Host": self.road.target.removeprefix("http://")}
        return requests.request(
            self.handler.command, self.road.target + self.handler.path, data=self.body, headers=headers,
            timeout=10,
        )  # fmt: skip

    def answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, *, cut: int = 0
    ) -> None:
        """cut: how many of the promised bytes never come."""
        self.handler.send_response(status)
        for name, value in (headers or {}).items():
            self.handler.send_header(name, value)
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.end_headers()
        self.handler.wfile.write(body[: len(body) - cut])

    def refuse(self, status: int, kind: str, headers: dict[str, str] | None = None) -> None:
        body = json.dumps({"error": {"type": kind, "message": "made up by the road"}}).encode()
        self.answer(status, body, {"Content-Type": "application/json"} | (headers or {}))

    def pass_on(self, answer: requests.Response) -> None:
        kept = ("Content-Type", "Request-Id", "Idempotent-Replayed")
        headers = {name: answer.headers[name] for name in kept if name in answer.headers}
        self.answer(answer.status_code, answer.content, headers)


Fault = Callable[[Exchange], None]


def nothing(exchange: Exchange) -> None:
    exchange.pass_on(exchange.forward())


def cut_before(exchange: Exchange) -> None:
    """Closed without a word: nothing was done."""


def cut_after(exchange: Exchange) -> None:
    exchange.forward()


def half_an_answer(exchange: Exchange) -> None:
    exchange.answer(200, exchange.forward().content, {"Content-Type": "application/json"}, cut=40)


def never_answered(exchange: Exchange) -> None:
    exchange.road.is_over.wait(5)


def slow(exchange: Exchange) -> None:
    """Done, but the answer comes when nobody waits for it any more."""
    exchange.forward()
    exchange.road.is_over.wait(5)


FAULTS: dict[str, Fault] = {
    "unreachable": nothing,  # nobody listens then
    "cut after it was done": cut_after,
    "slow": slow,
    "500": lambda exchange: exchange.refuse(500, "api_error"),
    "an HTML page of 200": lambda exchange: exchange.answer(200, b"<h1>Captive portal</h1>"),
    "cut before it arrived": cut_before,
    "half an answer": half_an_answer,
    "never answered": never_answered,
    "429": lambda exchange: exchange.refuse(429, "rate_limit_error", {"Retry-After": "30"}),
    "401": lambda exchange: exchange.refuse(401, "authentication_error"),
    "an HTML page of 502": lambda exchange: exchange.answer(502, b"<h1>Bad gateway</h1>"),
}
SOME = list(FAULTS)[: count(5, len(FAULTS))]
SLOW = {"never answered", "slow"}


class KeepsItsError:
    """As Stripe does: the first answer was an error, and the same key gets it again for a day.

    performed: whether what was asked for came about all the same.
    """

    def __init__(self, *, performed: bool) -> None:
        self.performed = performed
        self.keys: set[str] = set()

    def __call__(self, exchange: Exchange) -> None:
        if exchange.key in self.keys:
            exchange.refuse(500, "api_error", {"Idempotent-Replayed": "true"})
            return
        self.keys.add(exchange.key)
        if self.performed:
            exchange.forward()
        exchange.refuse(500, "api_error")


class Road:
    """asked: how many calls of each kind came by."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.asked: Counter[str] = Counter()
        self.is_over = threading.Event()
        self._fault: Fault = nothing
        self._on = ""
        self._server = self._listen(0)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _listen(self, port: int) -> ThreadingHTTPServer:
        road = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                road.take(Exchange(road, self, body))

            do_GET = do_POST = answer  # noqa: N815 - as the library calls them

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server

    def take(self, exchange: Exchange) -> None:
        kind = kind_of(exchange.handler.command, exchange.handler.path)
        self.asked[kind] += 1
        fault = self._fault if self._on in {"", kind} else nothing
        with suppress(BrokenPipeError, ConnectionResetError):  # the other end has hung up
            fault(exchange)

    @contextmanager
    def faulty(self, fault: str | Fault, *, on: str = "") -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            if fault in SLOW:
                for name, seconds in IMPATIENCE.items():
                    patch.setattr(gateway, name, seconds)
            if fault == "unreachable":
                self.close()
            self._fault, self._on = (FAULTS[fault] if isinstance(fault, str) else fault), on
            self.is_over.clear()
            yield
        self.is_over.set()
        self._fault, self._on = nothing, ""
        if fault == "unreachable":
            self._server = self._listen(self._server.server_port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def kind_of(method: str, path: str) -> str:
    path = path.partition("?")[0]
    if path == REFUNDS:
        return "refund" if method == "POST" else "refunds"
    if path == SESSIONS:
        return "create" if method == "POST" else "list"
    return "expire" if path.endswith("/expire") else "retrieve"


@pytest.fixture
def road(simulator: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    """Our gateway speaks to the simulator, over a road that a test may break."""
    road = Road(simulator.url)
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = simulator.key, road.url
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.01)
    gateway.client.cache_clear()
    yield road
    road.is_over.set()
    road.close()
    gateway.client.cache_clear()
