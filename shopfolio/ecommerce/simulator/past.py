"""Payments of a time before the simulator ran: the demo's, so that they can be looked up and given back."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from shopfolio.ecommerce.simulator import objects
from shopfolio.ecommerce.simulator.payments import CARDS, card_details
from shopfolio.ecommerce.simulator.store import Store, Transaction


@dataclass(frozen=True, kw_only=True)
class PastPayment:
    """amount: minor units. at: seconds since 1970."""

    session_id: str
    payment_intent: str
    reference: str
    number: str
    email: str
    name: str
    amount: int
    currency: str
    at: int


def remember(database: Path, payments: Iterable[PastPayment]) -> None:
    """Write down what is not known yet. The simulator may run meanwhile; nobody is told."""
    with closing(Store(database)) as store, store.transaction() as tx:
        for payment in payments:
            if not tx.knows(payment.session_id):
                _add(tx, payment)


def _add(tx: Transaction, payment: PastPayment) -> None:
    price = {
        "currency": payment.currency,
        "unit_amount": payment.amount,
        "product_data": {"name": f"Order {payment.number}"},
    }
    params = {
        "client_reference_id": payment.reference,
        "customer_email": payment.email,
        "line_items": [{"price_data": price, "quantity": 1}],
    }
    buyer = {"email": payment.email, "name": payment.name}
    session = objects.session(params, now=payment.at, origin="") | {"id": payment.session_id}
    session["line_items"] = objects.line_items(params, now=payment.at)
    intent = objects.payment_intent(session, {}, method="card", now=payment.at)
    intent |= {"id": payment.payment_intent, "status": "succeeded", "amount_received": payment.amount}
    details = card_details(CARDS["4242424242424242"], payment.amount)
    charge = objects.charge(intent, buyer=buyer, details=details, now=payment.at)
    charge |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": payment.amount}
    intent["latest_charge"] = charge["id"]
    session |= {
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": intent["id"],
        "url": None,
        "customer_details": objects.customer_details(buyer),
    }
    for thing in (session, intent, charge):
        tx.add(thing)
