"""Keeping up with Stripe: nobody told us, or nobody could be asked for a while."""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import PaymentUnavailable
from shopfolio.ecommerce.models import StripeSession
from shopfolio.ecommerce.services import payment
from shopfolio.tasks import outbox

ASKS_STRIPE = (
    "ecommerce.handle_event", "ecommerce.follow_attempt", "ecommerce.make_refund", "ecommerce.settle_refunds",
)  # fmt: skip
LONGEST = timedelta(hours=1)
"""After this time an open session is over, and its follow-up asks until Stripe says so."""
PATIENCE = timedelta(minutes=10)
"""Between two questions about money that is on its way for days, as a bank debit is."""


def has_reason() -> bool:
    waits = any(outbox.waiting(name, PaymentUnavailable.who).exists() for name in ASKS_STRIPE)
    return waits or open_attempts().exists() or slow_attempts().exists()


def slow_attempts() -> QuerySet[StripeSession]:
    """Payments on their way that nobody has asked about lately, the longest first."""
    asked = StripeSession.objects.filter(asked_at__lt=timezone.now() - PATIENCE)
    return asked.filter(status=StripeSession.Status.PROCESSING).order_by("asked_at")


def open_attempts() -> QuerySet[StripeSession]:
    return StripeSession.objects.filter(
        status=StripeSession.Status.OPEN, created__gt=timezone.now() - LONGEST
    ).order_by("created")


def settle_decided() -> None:
    """Settle what was paid or has run out though no webhook and no buyer has told us. One question for all.

    Raises PaymentUnavailable.
    """
    undecided = dict(open_attempts().values_list("session_id", "created"))
    if not undecided:
        return
    since = min(undecided.values())
    for state in gateway.list_sessions(since=since, timeout=gateway.BRIEFLY):
        if state.id in undecided and state.status != "open":
            payment.settle(state.id, timeout=gateway.BRIEFLY)


def settle_slow() -> None:
    """Ask about a few of them at a time, however many there are. Raises PaymentUnavailable."""
    for session_id in slow_attempts().values_list("session_id", flat=True)[:5]:
        payment.settle(str(session_id), timeout=gateway.BRIEFLY)


def refuse_while_away(name: str) -> None:
    """Raises PaymentUnavailable when a job of this name waits, and Stripe has not answered anybody since."""
    away = PaymentUnavailable("Stripe is away.")
    outbox.refuse_while_away(name, away, has_answered=has_answered)


def has_answered(since: datetime) -> bool:
    return StripeSession.objects.filter(asked_at__gt=since).exists()
