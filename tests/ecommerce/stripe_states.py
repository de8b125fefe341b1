"""What Stripe may answer about an attempt, without asking: for tests of our own books."""

from typing import Any

from shopfolio.ecommerce.gateway import SessionState
from shopfolio.ecommerce.models import StripeSession

CARD = {"payment_method": "card", "card_brand": "visa", "last4": "4242", "payment_intent": "pi_test_1"}


def stripe_says(
    attempt: StripeSession, status: str, payment_status: str = "unpaid", **fields: Any
) -> SessionState:
    defaults: dict[str, Any] = {
        "id": f"cs_test_{attempt.pk.hex}",
        "amount": attempt.amount,
        "currency": attempt.currency,
        "reference": str(attempt.order_id),
        "livemode": False,
        "url": f"https://checkout.stripe.com/c/pay/{attempt.pk.hex}",
        "expires_at": attempt.expires_at,
        "metadata": {"attempt": str(attempt.pk)},
    }
    return SessionState(status=status, payment_status=payment_status, **(defaults | fields))


def is_open(attempt: StripeSession, **fields: Any) -> SessionState:
    return stripe_says(attempt, "open", **fields)


def is_paid(attempt: StripeSession, **fields: Any) -> SessionState:
    return stripe_says(
        attempt, "complete", "paid", **(CARD | {"payment_intent_status": "succeeded"} | fields)
    )


def is_on_its_way(attempt: StripeSession, **fields: Any) -> SessionState:
    return stripe_says(
        attempt, "complete", payment_intent="pi_test_1", payment_intent_status="processing", **fields
    )


def has_failed(attempt: StripeSession, **fields: Any) -> SessionState:
    intent = {"payment_intent": "pi_test_1", "payment_intent_status": "requires_payment_method"}
    return stripe_says(attempt, "complete", **(intent | fields))


def has_expired(attempt: StripeSession, **fields: Any) -> SessionState:
    return stripe_says(attempt, "expired", **fields)
