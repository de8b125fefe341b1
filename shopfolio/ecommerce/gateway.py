"""The only module that speaks to Stripe. It hands out plain values, and no call runs inside a transaction."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import stripe
from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from shopfolio.ecommerce.exceptions import (
    KeySpent,
    PaymentUnavailable,
    RefundRefused,
    SessionRefused,
    SessionUnknown,
    StripeIsAtIt,
)
from shopfolio.lib.db import refuse_in_transaction, storable

API_VERSION = "2026-10-28.endive"
TIMEOUT = 8.0
"""Seconds that a buyer's click waits for an answer, at most twice."""
BRIEFLY = 5.0
"""Seconds for whoever must not wait long, asked once: jobs, which share their workers with the mails, and
pages that look again by themselves."""
EXPAND = ["payment_intent.latest_charge"]


@dataclass(frozen=True)
class SessionState:
    """A Checkout Session as Stripe tells it. amount: minor units of currency (upper case)."""

    id: str
    status: str
    payment_status: str
    amount: int
    currency: str
    reference: str
    livemode: bool
    url: str
    expires_at: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    payment_intent: str = ""
    payment_intent_status: str = ""
    payment_method: str = ""
    card_brand: str = ""
    last4: str = ""

    @property
    def is_paid(self) -> bool:
        return self.status == "complete" and self.payment_status in {"paid", "no_payment_required"}

    @property
    def has_failed(self) -> bool:
        """A delayed payment that did not come."""
        lost = self.payment_intent_status in {"requires_payment_method", "canceled"}
        return self.status == "complete" and self.payment_status == "unpaid" and lost


@dataclass(frozen=True)
class RefundState:
    """A refund as Stripe tells it. amount: minor units of currency (upper case)."""

    id: str
    status: str
    amount: int
    currency: str
    payment_intent: str
    metadata: dict[str, str] = field(default_factory=dict)
    failure_reason: str = ""


@dataclass(frozen=True)
class DisputeState:
    """Money that a bank asks back, as Stripe tells it. amount: minor units of currency (upper case)."""

    id: str
    status: str
    amount: int
    currency: str
    payment_intent: str
    begun: datetime
    reason: str = ""
    answer_by: datetime | None = None

    @property
    def is_money_gone(self) -> bool:
        """https://docs.stripe.com/disputes/how-disputes-work: back if it is won; a warning takes nothing."""
        return self.status in {"needs_response", "under_review", "lost"}


@dataclass(frozen=True)
class EventHint:
    id: str
    type: str
    session_id: str
    livemode: bool
    payload: dict[str, Any]


class BadEvent(Exception):
    """A webhook that Stripe did not sign, or that is no event."""


@cache
def client(timeout: float) -> stripe.StripeClient:
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": settings.STRIPE_API_BASE},
        stripe_version=API_VERSION,
        http_client=stripe.RequestsClient(timeout=(min(timeout, 3.0), timeout)),
        max_network_retries=0 if timeout < TIMEOUT else 1,
    )


@contextmanager
def stripe_call() -> Iterator[None]:
    """Turns Stripe's errors into ours: later, or never."""
    refuse_in_transaction("a call to Stripe")
    if not settings.STRIPE_SECRET_KEY:
        raise PaymentUnavailable(_("This shop cannot take payments yet."))
    try:
        yield
    except stripe.StripeError as error:
        if error.http_status == 409:
            raise StripeIsAtIt(later()) from error
        if isinstance(error, stripe.InvalidRequestError):
            raise SessionRefused(described(error)) from error
        raise PaymentUnavailable(later()) from error


def later() -> str:
    return _("The payment service does not answer. Nothing was charged. Please try again in a minute.")


def described(error: stripe.StripeError) -> str:
    return f"{error.code or ''} {getattr(error, 'param', None) or ''} {error.user_message or error}".strip()


def create_session(
    request: dict[str, Any], *, idempotency_key: str, timeout: float | None = None
) -> SessionState:
    """Safe to repeat with the same request and key: Stripe answers as it did the first time.

    Raises KeySpent when that answer was an error, which is given again for a day.
    """
    # Sorted: the same bytes also after PostgreSQL's jsonb.
    params: Any = json.loads(json.dumps(request, sort_keys=True))
    sessions = client(timeout or TIMEOUT).v1.checkout.sessions
    try:
        with stripe_call():
            session = sessions.create(params, {"idempotency_key": idempotency_key})
    except (PaymentUnavailable, SessionRefused) as error:
        if isinstance(error.__cause__, stripe.StripeError) and is_spent(error.__cause__):
            raise KeySpent(described(error.__cause__)) from error
        raise
    return read_session(session)


def is_spent(error: stripe.StripeError) -> bool:
    """Whether Stripe only repeats the error of an earlier try, or keeps the key for another request."""
    if isinstance(error, stripe.IdempotencyError):
        return error.http_status != 409  # 409: the first try is still under way
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    return headers.get("idempotent-replayed") == "true"


def find_session(attempt_id: str, *, since: datetime, timeout: float | None = None) -> SessionState | None:
    """The session that carries our attempt in its metadata, if Stripe has made one since then."""
    for state in list_sessions(since=since, timeout=timeout):
        if state.metadata.get("attempt") == attempt_id:
            return state
    return None


def list_sessions(*, since: datetime, timeout: float | None = None) -> list[SessionState]:
    """All sessions made since then, without their payments. since: by our clock, not quite Stripe's."""
    params: Any = {"created": {"gte": int(since.timestamp()) - 60}, "limit": 100}
    with stripe_call():
        found = client(timeout or TIMEOUT).v1.checkout.sessions.list(params)
        return [read_session(session) for session in found.auto_paging_iter()]


def retrieve_session(session_id: str, *, timeout: float | None = None) -> SessionState:
    """Raises SessionUnknown where Stripe knows no such session, as another account's."""
    with known(session_id):
        session = client(timeout or TIMEOUT).v1.checkout.sessions.retrieve(session_id, {"expand": EXPAND})
    return read_session(session)


def expire_session(session_id: str, *, timeout: float | None = None) -> None:
    """Close a session that is still open; one that is complete or expired already stays as it is."""
    try:
        with known(session_id):
            client(timeout or TIMEOUT).v1.checkout.sessions.expire(session_id)
    except SessionRefused:
        return  # no longer open: the caller asks what it is


@contextmanager
def known(session_id: str) -> Iterator[None]:
    """A call about a session that must be there."""
    try:
        with stripe_call():
            yield
    except SessionRefused as error:
        cause = error.__cause__
        if isinstance(cause, stripe.StripeError) and cause.http_status == 404:
            raise SessionUnknown(
                _("An earlier payment for this cannot be looked up. Please write to us before you pay again.")
            ) from error
        raise


class KeyTest(models.TextChoices):
    """What became of a try with the key. The words are for whoever set it."""

    ACCEPTED = "accepted", _lazy("Stripe accepts the key.")
    REFUSED = "refused", _lazy("Stripe refuses the key. Copy it anew from Stripe’s dashboard.")
    TOO_NARROW = "too_narrow", _lazy("The key is restricted: give it the right to write Checkout Sessions.")
    UNREACHABLE = "unreachable", _lazy("Stripe cannot be reached from this machine. Is it online?")
    STUMBLED = "stumbled", _lazy("Stripe had trouble of its own. Please test again in a minute.")


def try_key() -> KeyTest:
    """Ask for what the shop asks first: a list of pay pages, which changes nothing there."""
    try:
        with stripe_call():
            client(BRIEFLY).v1.checkout.sessions.list({"limit": 1})
    except (PaymentUnavailable, SessionRefused, StripeIsAtIt) as error:
        cause = error.__cause__
        if isinstance(cause, stripe.AuthenticationError):
            return KeyTest.REFUSED
        if isinstance(cause, stripe.PermissionError):
            return KeyTest.TOO_NARROW
        if isinstance(cause, stripe.APIConnectionError):
            return KeyTest.UNREACHABLE
        return KeyTest.STUMBLED
    return KeyTest.ACCEPTED


def is_live() -> bool:
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def read_session(session: stripe.checkout.Session) -> SessionState:
    intent = session.payment_intent
    known = intent if isinstance(intent, stripe.PaymentIntent) else None
    charge = known.latest_charge if known else None
    details = charge.payment_method_details if isinstance(charge, stripe.Charge) else None
    card = details.card if details and details.type == "card" else None
    return SessionState(
        id=session.id,
        status=session.status or "",
        payment_status=session.payment_status,
        amount=session.amount_total or 0,
        currency=(session.currency or "").upper(),
        reference=session.client_reference_id or "",
        livemode=session.livemode,
        url=session.url or "",
        expires_at=datetime.fromtimestamp(session.expires_at, tz=UTC),
        metadata=dict(session.metadata.to_dict()) if session.metadata else {},
        payment_intent=known.id if known else (intent if isinstance(intent, str) else ""),
        payment_intent_status=known.status if known else "",
        payment_method=details.type if details else "",
        card_brand=(card.brand or "") if card else "",
        last4=(card.last4 or "") if card else "",
    )


def create_refund(
    *, payment_intent: str, amount: int, reason: str, metadata: dict[str, str], idempotency_key: str
) -> RefundState:
    """Safe to repeat with the same key within a day. reason: one of Stripe's words.

    Raises RefundRefused, PaymentUnavailable, and KeySpent when Stripe only repeats that it stumbled.
    """
    params: Any = {
        "payment_intent": payment_intent, "amount": amount, "reason": reason, "metadata": metadata,
    }  # fmt: skip
    try:
        with stripe_call():
            refund = client(BRIEFLY).v1.refunds.create(params, {"idempotency_key": idempotency_key})
    except SessionRefused as error:
        raise RefundRefused(str(error)) from error
    except PaymentUnavailable as error:
        if isinstance(error.__cause__, stripe.StripeError) and is_spent(error.__cause__):
            raise KeySpent(described(error.__cause__)) from error
        raise
    return read_refund(refund)


def retrieve_refunds(payment_intent: str) -> list[RefundState]:
    """Everything that went back, or was to go back, of a payment; the oldest first.

    Raises RefundRefused where Stripe knows no such payment.
    """
    return _list_refunds({"payment_intent": payment_intent})


def retrieve_refunds_since(moment: datetime) -> list[RefundState]:
    """What was begun at this account since then, by our clock, for whichever payment."""
    return _list_refunds({"created": {"gte": int(moment.timestamp()) - 60}})


def _list_refunds(params: Any) -> list[RefundState]:
    try:
        with stripe_call():
            found = client(BRIEFLY).v1.refunds.list(params | {"limit": 100}).auto_paging_iter()
            return [read_refund(refund) for refund in found][::-1]
    except SessionRefused as error:
        raise RefundRefused(str(error)) from error


def find_session_of(payment_intent: str) -> str:
    """The id of the session that a payment belongs to; empty where it has none, or is another account's."""
    try:
        with stripe_call():
            found = client(BRIEFLY).v1.checkout.sessions.list({"payment_intent": payment_intent}).data
    except SessionRefused:
        return ""
    return found[0].id if found else ""


def read_refund(refund: stripe.Refund) -> RefundState:
    intent = refund.payment_intent
    return RefundState(
        id=refund.id,
        status=refund.status or "",
        amount=refund.amount,
        currency=refund.currency.upper(),
        payment_intent=(intent if isinstance(intent, str) else intent.id) if intent else "",
        metadata=dict(refund.metadata.to_dict()) if refund.metadata else {},
        failure_reason=(refund.failure_reason or "").replace("_", " "),
    )


def retrieve_disputes(payment_intent: str) -> list[DisputeState]:
    """What a bank asked back of a payment, the latest first."""
    return _list_disputes({"payment_intent": payment_intent})


def retrieve_disputes_since(moment: datetime) -> list[DisputeState]:
    """What was begun at this account since then, for whichever payment; the latest first."""
    return _list_disputes({"created": {"gte": int(moment.timestamp())}})


def _list_disputes(params: Any) -> list[DisputeState]:
    with stripe_call():
        found = client(BRIEFLY).v1.disputes.list(params | {"limit": 100}).auto_paging_iter()
        return [read_dispute(dispute) for dispute in found]


def read_dispute(dispute: stripe.Dispute) -> DisputeState:
    intent, due = dispute.payment_intent, dispute.evidence_details.due_by
    return DisputeState(
        id=dispute.id,
        status=dispute.status,
        amount=dispute.amount,
        currency=dispute.currency.upper(),
        payment_intent=(intent if isinstance(intent, str) else intent.id) if intent else "",
        begun=datetime.fromtimestamp(dispute.created, tz=UTC),
        reason=dispute.reason.replace("_", " "),
        answer_by=datetime.fromtimestamp(due, tz=UTC) if due else None,
    )


def parse_event(payload: bytes, signature: str) -> EventHint:
    """Check who sent a webhook. Two secrets may be valid during a rotation.

    Raises BadEvent for a wrong, missing or stale signature, and for signed nonsense.
    """
    for secret in settings.STRIPE_WEBHOOK_SECRET:
        try:
            stripe.WebhookSignature.verify_header(
                payload.decode(), signature, secret, stripe.Webhook.DEFAULT_TOLERANCE
            )
            break
        except (stripe.SignatureVerificationError, ValueError, TypeError):  # TypeError: letters beyond ASCII
            continue
    else:
        raise BadEvent("signature")
    return read_event(payload)


def read_event(payload: bytes) -> EventHint:
    try:
        event = storable(json.loads(payload))
        subject = event["data"]["object"]
        is_session = subject.get("object") == "checkout.session"
        return EventHint(
            id=str(event["id"]),
            type=str(event["type"]),
            session_id=str(subject["id"]) if is_session else "",
            livemode=bool(event["livemode"]),
            payload=event,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadEvent("not an event") from error
