"""What happens to a session and its payment. Each function runs inside a transaction and tells its events."""

from dataclasses import dataclass
from enum import Enum

from shopfolio.ecommerce.simulator import objects
from shopfolio.ecommerce.simulator.objects import Json
from shopfolio.ecommerce.simulator.store import Transaction

SESSION, INTENT, CHARGE = "checkout.session", "payment_intent", "charge"


@dataclass(frozen=True)
class Moment:
    """now: in the simulator's time. due: since when webhooks may be sent, in the machine's."""

    now: int
    due: float


class Declined(Exception):
    """The test card stands for a bank that refuses."""


class UnknownCard(Exception):
    """No test card has this number."""


@dataclass(frozen=True)
class Card:
    number: str
    brand: str
    declined: bool = False
    refund_begins: str = "succeeded"
    refund_ends: str = "succeeded"
    disputed: bool = False

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def spaced(self) -> str:
        return " ".join(self.number[start : start + 4] for start in range(0, 16, 4))


# https://docs.stripe.com/testing names these numbers and what each stands for.
CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", "visa"),
        Card("5555555555554444", "mastercard"),
        Card("4000000000000002", "visa", declined=True),
        Card("4000000000007726", "visa", refund_begins="pending"),
        Card("4000000000005126", "visa", refund_ends="failed"),
        Card("4000000000000259", "visa", disputed=True),
    )
}


class Debit(Enum):
    """How a bank debit ends."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


def current_session(tx: Transaction, id_: str, moment: Moment, *, param: str = "session") -> Json:
    """The session, expired by now if its time is over. Raises Stripe's 404."""
    session = tx.get(SESSION, id_, param=param)
    if session["status"] == "open" and session["expires_at"] <= moment.now:
        expire(tx, session, moment)
    return session


def expire(tx: Transaction, session: Json, moment: Moment) -> None:
    session |= {"status": "expired", "url": None}
    tx.save(session)
    tell(tx, "checkout.session.expired", session, moment)


def pay_by_card(tx: Transaction, session: Json, number: str, *, buyer: Json, moment: Moment) -> None:
    """Complete an open session. buyer: e-mail and name. Raises Declined or UnknownCard: nothing changed."""
    card = CARDS.get(number)
    if card is None:
        raise UnknownCard(number)
    if card.declined:
        raise Declined(number)
    if session["amount_total"] == 0:
        _complete(tx, session, buyer=buyer, status="no_payment_required")
        tell(tx, "checkout.session.completed", session, moment)
        return
    details = card_details(card, session["amount_total"])
    intent, charge = _start_payment(tx, session, buyer=buyer, details=details, moment=moment)
    _complete(tx, session, buyer=buyer, status="paid")
    _succeed(tx, intent, charge)
    tell(tx, "payment_intent.succeeded", intent, moment)
    tell(tx, "checkout.session.completed", session, moment)
    if card.disputed:
        _dispute(tx, charge, moment)


def _dispute(tx: Transaction, charge: Json, moment: Moment) -> None:
    charge["disputed"] = True
    tx.save(charge)
    dispute = objects.dispute(charge, now=moment.now)
    tx.add(dispute)
    tell(tx, "charge.dispute.created", dispute, moment)


def card_details(card: Card, amount: int) -> Json:
    return {
        "type": "card",
        "card": {
            "amount_authorized": amount, "brand": card.brand, "checks": None, "country": "US",
            "exp_month": 12, "exp_year": 2034, "fingerprint": f"simulated{card.last4}", "funding": "credit",
            "installments": None, "last4": card.last4, "mandate": None, "network": card.brand,
            "three_d_secure": None, "wallet": None,
        },
    }  # fmt: skip


def promise_bank_debit(tx: Transaction, session: Json, *, buyer: Json, moment: Moment) -> None:
    """Complete an open session whose money is not there yet."""
    details = {
        "type": "sepa_debit",
        "sepa_debit": {
            "bank_code": "37040044", "branch_code": "", "country": "DE", "expected_debit_date": None,
            "fingerprint": "simulated3000", "last4": "3000", "mandate": None,
        },
    }  # fmt: skip
    _start_payment(tx, session, buyer=buyer, details=details, moment=moment)
    _complete(tx, session, buyer=buyer, status="unpaid")
    tell(tx, "checkout.session.completed", session, moment)


def is_waiting_for_debit(tx: Transaction, session: Json) -> bool:
    if session["status"] != "complete" or session["payment_status"] != "unpaid":
        return False
    return bool(tx.get(INTENT, session["payment_intent"])["status"] == "processing")


def finish_bank_debit(tx: Transaction, session: Json, result: Debit, *, moment: Moment) -> None:
    """End the debit that is_waiting_for_debit."""
    intent = tx.get(INTENT, session["payment_intent"])
    charge = tx.get(CHARGE, intent["latest_charge"])
    if result is Debit.SUCCEEDED:
        _succeed(tx, intent, charge)
        session["payment_status"] = "paid"
        tx.save(session)
        tell(tx, "payment_intent.succeeded", intent, moment)
    else:
        _fail(tx, intent, charge)
    tell(tx, f"checkout.session.async_payment_{result.value}", session, moment)


def _start_payment(
    tx: Transaction, session: Json, *, buyer: Json, details: Json, moment: Moment
) -> tuple[Json, Json]:
    given = session.pop("payment_intent_data")
    intent = objects.payment_intent(session, given, method=details["type"], now=moment.now)
    charge = objects.charge(intent, buyer=buyer, details=details, now=moment.now)
    intent["latest_charge"] = charge["id"]
    session["payment_intent"] = intent["id"]
    tx.add(intent)
    tx.add(charge)
    return intent, charge


def _complete(tx: Transaction, session: Json, *, buyer: Json, status: str) -> None:
    session.pop("payment_intent_data", None)
    session |= {
        "status": "complete",
        "payment_status": status,
        "url": None,
        "customer_details": objects.customer_details(buyer),
    }
    tx.save(session)


def _succeed(tx: Transaction, intent: Json, charge: Json) -> None:
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    charge |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": charge["amount"]}
    tx.save(intent)
    tx.save(charge)


def _fail(tx: Transaction, intent: Json, charge: Json) -> None:
    message = "The customer's bank refused the debit."
    charge |= {"status": "failed", "failure_code": "insufficient_funds", "failure_message": message}
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": objects.payment_error("insufficient_funds", message, charge=charge["id"]),
    }
    tx.save(intent)
    tx.save(charge)


def tell(tx: Transaction, kind: str, subject: Json, moment: Moment) -> None:
    """Write an event of what has just happened; it is sent once the transaction is through."""
    event = objects.event(kind, objects.public(subject), now=moment.now)
    tx.announce(event, due=moment.due)
