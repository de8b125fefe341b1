"""What stands in the log after whole journeys: ids that lead from a request to its jobs, nobody's data."""

import json
import logging
import re
import smtplib
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from django.core import mail
from django.db import DataError, OperationalError, connection
from django.test import Client

from shopfolio import settings as site_settings
from shopfolio.core import services
from shopfolio.core.models import Subscriber
from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.models import Order
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_due_jobs
from tests.factories import make_owner, make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

BUYER = {
    "email": "quill@buyers.example", "name": "Martha Quillfeather", "address_line1": "Sofiastreet 81",
    "postcode": "3000-391", "city": "Coimbratown", "country": "PT", "terms": "on",
}  # fmt: skip
ADDRESS, AGENT = "203.0.113.77", "Quillbrowser/9.9"
PASSWORD = "nightingale battery staple"
WORDS = [
    "quill", "Sofiastreet", "3000-391", "Coimbratown", ADDRESS, "nightingale", "evil.example",
    "secret words", "sekret",
]  # fmt: skip


class Log:
    """Everything that was logged, as the site writes it, and as Python's plain formatter would have."""

    def __init__(self, renderer: Any) -> None:
        options = dict(site_settings.LOGGING["formatters"]["line"])
        del options["()"]
        options["processors"] = [*options["processors"][:-1], renderer]
        self._handlers = [
            self._handler(structlog.stdlib.ProcessorFormatter(**options)),
            self._handler(logging.Formatter("%(message)s")),
        ]

    @staticmethod
    def _handler(formatter: logging.Formatter) -> "logging.StreamHandler[StringIO]":
        handler = logging.StreamHandler(StringIO())
        handler.setFormatter(formatter)
        return handler

    def __enter__(self) -> "Log":
        for handler in self._handlers:
            logging.getLogger().addHandler(handler)
        return self

    def __exit__(self, *args: object) -> None:
        for handler in self._handlers:
            logging.getLogger().removeHandler(handler)

    @property
    def text(self) -> str:
        return self._handlers[0].stream.getvalue()

    @property
    def plain(self) -> str:
        return self._handlers[1].stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, **wanted: Any) -> list[dict[str, Any]]:
        return [line for line in self.lines if wanted.items() <= line.items()]


@pytest.fixture
def log() -> Iterator[Log]:
    with Log(structlog.processors.JSONRenderer()) as log:
        yield log


@pytest.fixture(params=["text", "json"])
def either_log(request: pytest.FixtureRequest) -> Iterator[Log]:
    text = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    with Log(text if request.param == "text" else structlog.processors.JSONRenderer()) as log:
        yield log


@pytest.fixture
def visitor(simulator: Any, settings: Any) -> Iterator[Client]:
    """A browser with an address and a name, in a shop whose payments go to the simulator."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = simulator.key, simulator.url
    settings.STRIPE_WEBHOOK_SECRET = [simulator.webhook_secret]
    gateway.client.cache_clear()
    yield new_client()
    gateway.client.cache_clear()


def new_client(**kwargs: Any) -> Client:
    return Client(
        REMOTE_ADDR=ADDRESS,
        HTTP_USER_AGENT=AGENT,
        HTTP_SEC_FETCH_SITE="same-origin",
        raise_request_exception=False,
        **kwargs,
    )


def buy(visitor: Client, simulator: Any) -> Any:
    """The answer to the checkout form; the order is paid when this returns."""
    make_shop()
    product = make_variant(make_product("Print"), price=14_000).product
    visitor.post(f"/cart/add/{product.slug}/", {"quantity": 1})
    answer = visitor.post("/checkout/", BUYER | {"total": "14600"})
    paid = simulator.pay(answer["Location"], email=BUYER["email"], name=BUYER["name"])
    visitor.get(paid.headers["Location"].removeprefix(site_settings.SITE_URL))
    run_due_jobs()
    order = Order.objects.get()
    assert order.status == Order.Status.PAID
    assert visitor.get(order.get_absolute_url()).status_code == 200
    assert visitor.get(f"{order.get_absolute_url()}invoice.pdf").status_code == 200
    return answer


def write_to_the_owner(visitor: Client) -> Any:
    message = {"name": BUYER["name"], "email": BUYER["email"], "message": "These are secret words."}
    return visitor.post("/contact/", message)


def subscribe_and_leave(visitor: Client) -> list[str]:
    """The two tokens of the newsletter's links."""
    visitor.post("/newsletter/", {"email": BUYER["email"]})
    run_due_jobs()
    words = " ".join(str(message.body) for message in mail.outbox).split()
    [link] = [word for word in words if "/newsletter/confirm/" in word]
    path = link.removeprefix(site_settings.SITE_URL)
    assert visitor.get(path).status_code == 200
    assert visitor.post(path).status_code == 200
    leaving = Subscriber.objects.get().leaving_token
    assert visitor.post(f"/newsletter/unsubscribe/{leaving}/").status_code == 200
    return [path.split("/")[-2], leaving]


def ask_for_nonsense(visitor: Client) -> None:
    assert visitor.get("/orders/quill@buyers.example/?email=quill@buyers.example").status_code == 404
    assert visitor.get("/quill@buyers.example/").status_code == 404
    assert visitor.get("/", HTTP_HOST="evil.example").status_code == 400
    assert visitor.get("/checkout/return/?session_id=cs_test_sekret").status_code == 404
    other = {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "https://evil.example"}
    assert visitor.post("/contact/", {"email": BUYER["email"]}, **other).status_code == 403
    assert visitor.post("/account/login/", {"login": BUYER["email"]}, headers=other).status_code in {200, 403}
    signed = {"HTTP_STRIPE_SIGNATURE": "t=1,v1=sekret"}
    event = json.dumps({"email": BUYER["email"]})
    answer = visitor.post("/webhooks/stripe/", event, content_type="application/json", **signed)
    assert answer.status_code == 400
    tampered = new_client()
    tampered.cookies["sessionid"] = "sekretsessionid"
    assert tampered.get("/admin/").status_code == 302


def lose_a_mail(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, messages: Any) -> None:
        refused = {message.to[0]: (550, b"quill@buyers.example is nobody") for message in messages}
        raise smtplib.SMTPRecipientsRefused(refused)

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        visitor.post("/newsletter/", {"email": "other.quill@buyers.example"})
        run_due_jobs()


def fail(*args: Any, **kwargs: Any) -> None:
    """As a database does that names the row."""
    try:
        raise LookupError(BUYER["name"])
    except LookupError as error:
        raise DataError(f"Failing row contains ({BUYER['email']}, {BUYER['name']}).") from error


def break_a_page(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(services, "receive_message", fail)
        assert write_to_the_owner(visitor).status_code == 500


def break_the_order_page(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("shopfolio.ecommerce.views.orders.render", fail)
        assert visitor.get(Order.objects.get().get_absolute_url()).status_code == 500


def go_everywhere(visitor: Client, simulator: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All journeys; the secrets that only they know."""
    buy(visitor, simulator)
    order = Order.objects.get()
    assert write_to_the_owner(visitor).status_code == 303
    tokens = subscribe_and_leave(visitor)
    ask_for_nonsense(visitor)
    lose_a_mail(visitor, monkeypatch)
    break_a_page(visitor, monkeypatch)
    break_the_order_page(visitor, monkeypatch)
    owner = new_client()
    owner.force_login(make_owner(email="quillowner@buyers.example", password=PASSWORD))
    assert owner.get(f"/admin/ecommerce/order/{order.pk}/change/").status_code == 200
    mac = order.token.partition(".")[2]
    session = str(order.sessions.get().session_id)
    return [*tokens, mac, session, owner.cookies["sessionid"].value, visitor.cookies["cart"].value]


def told(text: str, markers: list[str]) -> set[str]:
    return {marker for marker in markers if marker.lower() in text.lower()}


def test_no_line_tells_who_a_person_is(either_log, visitor, simulator, monkeypatch):
    secrets = go_everywhere(visitor, simulator, monkeypatch)

    assert told(either_log.text, WORDS + secrets) == set()
    assert either_log.text.count("job failed") == 1
    assert "SMTPRecipientsRefused" in either_log.text
    assert "DataError" in either_log.text


def test_a_plain_formatter_would_have_told(log, visitor, simulator, monkeypatch):
    secrets = go_everywhere(visitor, simulator, monkeypatch)

    mac = Order.objects.get().token.partition(".")[2]
    assert mac in secrets
    assert told(log.plain, WORDS + secrets) == {"quill", mac}


def test_every_line_of_a_request_and_of_its_jobs_carries_its_id(log, visitor, simulator):
    answer = buy(visitor, simulator)

    request_id = answer["X-Request-ID"]
    [line] = log.of(event="request", request_id=request_id)
    assert (line["method"], line["route"], line["status"]) == ("POST", "/checkout/", 303)
    assert 0 <= line["ms"] < 60_000
    job = Job.objects.get(name="ecommerce.deliver_invoice")
    started, done = log.of(job_id=str(job.pk))
    assert (started["event"], done["event"]) == ("job started", "job done")
    assert (done["job"], done["attempt"], done["ms"] >= 0) == ("ecommerce.deliver_invoice", 1, True)
    paid_by = log.of(event="request", request_id=job.request_id)
    assert [line["route"] for line in paid_by] == ["/checkout/return/"]
    mails = Job.objects.filter(name="tasks.send_email", request_id=job.request_id)
    assert len(mails) == 2, "what a job enqueues carries its request on"
    assert all("request_id" in line for line in log.lines if line["logger"].startswith("shopfolio."))


def test_a_job_that_fails_says_so_with_its_attempt(log, visitor, monkeypatch):
    make_shop()

    lose_a_mail(visitor, monkeypatch)

    job = Job.objects.get(name="tasks.send_email")
    _started, failed = log.of(job_id=str(job.pk))
    assert (failed["event"], failed["level"], failed["attempt"], failed["gave_up"]) == (
        "job failed", "warning", 1, False,
    )  # fmt: skip
    assert failed["error"] == "smtplib.SMTPRecipientsRefused"
    assert "quill@buyers.example is nobody" in job.last_error, "the owner reads it in the back office"


def test_an_error_is_told_by_its_lines_of_code(log, visitor, monkeypatch):
    make_shop()

    break_a_page(visitor, monkeypatch)

    [error] = log.of(event="server error")
    [line] = log.of(event="request")
    assert error["request_id"] == line["request_id"]
    assert (line["route"], line["status"]) == ("/contact/", 500)
    assert "views/audience.py" in error["exception"]
    first, second = error["exception"].split("\n\nwhich led to\n\n")
    assert (first.splitlines()[-1], second.splitlines()[-1]) == ("LookupError", "django.db.utils.DataError")


def test_an_answer_that_says_not_now_is_no_error(log, client, monkeypatch):
    def away() -> None:
        raise OperationalError("db.internal does not answer")

    monkeypatch.setattr(connection, "cursor", away)

    assert client.get("/health/ready").status_code == 503

    assert [(line["event"], line["level"]) for line in log.lines] == [("request", "info")]


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/blog/none/", "/blog/<str:slug>/"),
        ("/orders/sekret/", "/orders/<str:token>/"),
        ("/sekret/", "none"),
        ("/newsletter/confirm/sekret/?who=me", "/newsletter/confirm/<str:token>/"),
    ],
)
def test_a_line_names_the_route_and_not_the_path(log, client, path, route):
    client.get(path)

    [line] = log.of(event="request")
    assert line["route"] == route


def test_a_method_that_nobody_knows_is_not_repeated(log, client):
    client.generic("SEKRET", "/")

    [line] = log.of(event="request")
    assert (line["method"], line["status"]) == ("other", 405)


def test_static_files_get_no_line_unless_they_are_missing(log, client):
    assert client.get("/static/none.css").status_code == 404

    [line] = log.of(event="request")
    assert line["route"] == "none"


def test_a_trusted_proxy_names_the_request(log, client):
    answer = client.get("/robots.txt", headers={"X-Request-ID": "edge-4711.abc"})

    assert answer["X-Request-ID"] == "edge-4711.abc"
    assert log.of(event="request", request_id="edge-4711.abc")


@pytest.mark.parametrize(
    ("hop", "stated"),
    [
        (ADDRESS, "edge-4711.abc"),
        ("", "edge-4711.abc"),
        ("127.0.0.1", "short"),
        ("127.0.0.1", "quill@buyers.example"),
        ("127.0.0.1", "two words"),
        ("127.0.0.1", "a" * 65),
        ("127.0.0.1", "edge-4711.abc\n"),
    ],
)
def test_no_stranger_chooses_what_stands_in_the_log(log, client, hop, stated):
    answer = client.get("/robots.txt", headers={"X-Request-ID": stated}, REMOTE_ADDR=hop)

    assert re.fullmatch("[0-9a-f]{16}", answer["X-Request-ID"])
    assert stated.strip() not in log.text


def test_a_page_that_was_kept_gets_the_id_of_who_asks(client):
    make_shop()

    ids = {client.get("/blog/")["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3
