"""Stripe's side of refunds in memory, for tests of our own books."""

import threading
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import PaymentUnavailable, RefundRefused
from shopfolio.ecommerce.gateway import RefundState
from shopfolio.ecommerce.models import Order, StripeSession

numbers = count(1)


class RefundsAtStripe:
    """Gives back what it is asked for, never more than came. `begins`: the status of the next ones."""

    def __init__(self) -> None:
        self.refunds: dict[str, RefundState] = {}
        self.keys: dict[str, str] = {}
        self.asked: list[str] = []
        self.one_at_a_time = threading.Lock()
        self.begins = "succeeded"
        self.is_away = False

    def ask(self, kind: str) -> None:
        self.asked.append(kind)
        if self.is_away:
            raise PaymentUnavailable("away")

    def create_refund(
        self, *, payment_intent: str, amount: int, reason: str, metadata: dict[str, str], idempotency_key: str
    ) -> RefundState:
        self.ask("create")
        with self.one_at_a_time:
            if idempotency_key not in self.keys:
                made = self.give_back(payment_intent, amount, self.begins, metadata)
                self.keys[idempotency_key] = made.id
            return self.refunds[self.keys[idempotency_key]]

    def retrieve_refunds(self, payment_intent: str) -> list[RefundState]:
        self.ask("list")
        return [each for each in self.refunds.values() if each.payment_intent == payment_intent]

    def retrieve_refunds_since(self, moment: datetime) -> list[RefundState]:
        self.ask("since")
        return list(self.refunds.values())

    def find_session_of(self, payment_intent: str) -> str:
        self.ask("session")
        return ""

    def give_back(
        self, payment_intent: str, amount: int, status: str = "succeeded", metadata: Any = None
    ) -> RefundState:
        """As in Stripe's dashboard. Raises RefundRefused where more would go back than came."""
        came = StripeSession.objects.get(payment_intent=payment_intent)
        if not 0 < amount <= came.amount - self.gone(payment_intent):
            raise RefundRefused(f"amount Refund amount {amount} is greater than unrefunded amount on charge")
        state = RefundState(
            id=f"re_{next(numbers)}", status=status, amount=amount, currency=came.currency,
            payment_intent=payment_intent, metadata=metadata or {},
        )  # fmt: skip
        self.refunds[state.id] = state
        return state

    def gone(self, payment_intent: str, *statuses: str) -> int:
        statuses = statuses or ("pending", "succeeded")
        of_payment = [each for each in self.refunds.values() if each.payment_intent == payment_intent]
        return sum(each.amount for each in of_payment if each.status in statuses)

    def decide(self, refund_id: str, status: str) -> RefundState:
        """What was begun ends otherwise."""
        before = self.refunds[refund_id]
        failure = "expired or canceled card" if status == "failed" else ""
        fields = {name: getattr(before, name) for name in before.__dataclass_fields__}
        self.refunds[refund_id] = RefundState(**fields | {"status": status, "failure_reason": failure})
        return self.refunds[refund_id]


@pytest.fixture
def refunds_at_stripe(monkeypatch: pytest.MonkeyPatch) -> RefundsAtStripe:
    stripe = RefundsAtStripe()
    for name in ("create_refund", "retrieve_refunds", "retrieve_refunds_since", "find_session_of"):
        monkeypatch.setattr(gateway, name, getattr(stripe, name))
    monkeypatch.setattr(gateway, "retrieve_disputes_since", lambda moment: [])
    return stripe


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def intent_of(order: Order) -> str:
    payment = order.find_payment()
    assert payment
    return payment.payment_intent


def paid_twice() -> list[Order]:
    """Whose buyer paid a second time, and has not got that money back yet."""
    surplus = StripeSession.objects.filter(is_surplus=True).select_related("order")
    return [each.order for each in surplus.exclude(refunds__status="succeeded")]


def figures(order: Order) -> tuple[str, int, int]:
    order = fresh(order)
    return order.status, order.amount_paid, order.amount_refunded


def shelf(order: Order) -> int | None:
    """What is left of the one thing in it."""
    return order.lines.exclude(variant=None).get().variant.available
