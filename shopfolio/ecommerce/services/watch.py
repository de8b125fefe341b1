"""Keeping up with Stripe: nobody told us, or nobody could be asked for a while."""

from datetime import datetime, timedelta

import structlog
from django.db.models import QuerySet
from django.utils import timezone

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import PaymentUnavailable, SessionUnknown
from shopfolio.ecommerce.models import StripeSession
from shopfolio.ecommerce.services import payment
from shopfolio.lib.logs import words_of_error
from shopfolio.tasks import outbox

log = structlog.get_logger(__name__)

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
    states = gateway.list_sessions(since=since, timeout=gateway.BRIEFLY)
    settle_each([state.id for state in states if state.id in undecided and state.status != "open"])


def settle_slow() -> None:
    """Ask about a few of them at a time, however many there are. Raises PaymentUnavailable."""
    settle_each([str(key) for key in slow_attempts().values_list("session_id", flat=True)[:5]])


def settle_each(session_ids: list[str]) -> None:
    """What one of them comes to holds up no other; its own follow-up tells the owner what is wrong.

    Raises PaymentUnavailable when Stripe does not answer.
    """
    for session_id in session_ids:
        try:
            payment.settle(session_id, timeout=gateway.BRIEFLY)
        except SessionUnknown as error:
            put_behind(session_id, error)
        except PaymentUnavailable:
            raise
        except Exception as error:  # a fault of ours at one order; its own job fails by it, and is given up
            put_behind(session_id, error)


def put_behind(session_id: str, error: Exception) -> None:
    """Where it stood first, it would be asked for first for ever."""
    log.warning("payment not settled", session_id=session_id, error=words_of_error(error))
    StripeSession.objects.filter(session_id=session_id).update(asked_at=timezone.now())


def refuse_while_away(name: str) -> None:
    """Raises PaymentUnavailable when a job of this name waits, and Stripe has not answered anybody since."""
    away = PaymentUnavailable("Stripe is away.")
    outbox.refuse_while_away(name, away, has_answered=has_answered)


def has_answered(since: datetime) -> bool:
    return StripeSession.objects.filter(asked_at__gt=since).exists()
