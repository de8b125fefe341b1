"""Payments that a buyer's bank asks back: what Stripe says of them, put before the owner.

What to answer is decided at Stripe, by a person: neither order, stock nor documents change by themselves.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import inf
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shopfolio.core.services import site
from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.gateway import DisputeState
from shopfolio.ecommerce.models import Order, StripeSession
from shopfolio.ecommerce.services.notices import call_owner
from shopfolio.ecommerce.services.refund_settlement import find_payment
from shopfolio.ecommerce.services.refunds import shown

BANKS_MAY_TAKE = timedelta(days=240)
"""Until a dispute is decided, since it was begun."""


def settle_disputes(payment_intent: str) -> Order | None:
    """Ask Stripe whether a payment is disputed, and tell the owner what is new; nothing, if it is not ours.

    The one function behind events about disputes and the nightly run. Raises PaymentUnavailable.
    """
    attempt = find_payment(payment_intent) if payment_intent else None
    if attempt is None:
        return None
    return record_disputes(attempt, gateway.retrieve_disputes(payment_intent))


@transaction.atomic
def record_disputes(attempt: StripeSession, states: Sequence[DisputeState]) -> Order:
    """Write down what Stripe has just said of a payment's disputes. Locks the order first."""
    order = Order.objects.select_for_update().get(pk=attempt.order_id)
    attempt = StripeSession.objects.get(pk=attempt.pk)
    if states and differ(attempt, states):
        state, had = pressing(states), attempt.disputed
        is_other = state.status != attempt.dispute
        attempt.dispute, attempt.answer_by = state.status, state.answer_by
        attempt.disputed = taken(attempt, states)
        attempt.disputed_at = min((each.begun for each in states if each.is_money_gone), default=None)
        attempt.save(update_fields=["dispute", "answer_by", "disputed", "disputed_at"])
        if is_other or attempt.disputed > had:
            with translation.override(site().profile.language):
                call_owner(order, in_words(state if is_other else states[0]))
    return order


def differ(attempt: StripeSession, states: Sequence[DisputeState]) -> bool:
    state = pressing(states)
    told = (state.status, state.answer_by, taken(attempt, states))
    return told != (attempt.dispute, attempt.answer_by, attempt.disputed)


def taken(attempt: StripeSession, states: Sequence[DisputeState]) -> int:
    """What the bank has, in the payment's minor units; all of it, if it counts in another currency."""
    gone = [state for state in states if state.is_money_gone]
    if any(state.currency != attempt.currency for state in gone):
        return attempt.amount
    return min(attempt.amount, sum(state.amount for state in gone))


def pressing(states: Sequence[DisputeState]) -> DisputeState:
    """The one to be answered first, else one that is not decided, else a lost one, else the latest."""

    def rank(state: DisputeState) -> tuple[int, float]:
        if state.status in StripeSession.TO_ANSWER:
            return 0, state.answer_by.timestamp() if state.answer_by else inf
        return {"under_review": 1, "warning_under_review": 1, "lost": 2}.get(state.status, 3), 0

    return min(states, key=rank)


WORDS: dict[str, Any] = {
    "needs_response": gettext_lazy(
        "The buyer’s bank has taken %(amount)s back (%(reason)s). Answer it in Stripe’s dashboard by "
        "%(date)s, or the money is lost. Send nothing until it is decided."
    ),
    "warning_needs_response": gettext_lazy(
        "The buyer’s bank asks about %(amount)s (%(reason)s), and may take it back. Answer it in Stripe’s "
        "dashboard by %(date)s."
    ),
    "under_review": gettext_lazy("The bank looks at what was answered about %(amount)s."),
    "warning_under_review": gettext_lazy("The bank looks at what was answered about %(amount)s."),
    "won": gettext_lazy("The dispute about %(amount)s is won: the money is yours."),
    "lost": gettext_lazy(
        "The dispute about %(amount)s is lost: the bank keeps the money, so refund nothing."
    ),
}
CLOSED = gettext_lazy("The bank asks no more about %(amount)s.")


def in_words(state: DisputeState) -> str:
    date = _("the day that it names")
    if state.answer_by:
        date = date_format(timezone.localtime(state.answer_by), "j F Y")
    known = {"amount": shown(state.amount, state.currency), "reason": state.reason, "date": date}
    return str(WORDS.get(state.status, CLOSED)) % known


def differing_payments() -> list[str]:
    """Payments of ours of whose disputes Stripe says something else than we know."""
    told: dict[str, list[DisputeState]] = {}
    for state in gateway.retrieve_disputes_since(timezone.now() - BANKS_MAY_TAKE):
        told.setdefault(state.payment_intent, []).append(state)
    ours = StripeSession.objects.filter(payment_intent__in=[intent for intent in told if intent])
    return sorted(each.payment_intent for each in ours if differ(each, told[each.payment_intent]))
