"""Money that goes back: Stripe's rules about refunds, and how one ends by itself after a while."""

from shopfolio.ecommerce.simulator import objects
from shopfolio.ecommerce.simulator.contract import Params
from shopfolio.ecommerce.simulator.errors import StripeError
from shopfolio.ecommerce.simulator.objects import Json
from shopfolio.ecommerce.simulator.payments import CARDS, CHARGE, INTENT, Moment, tell
from shopfolio.ecommerce.simulator.rules import check_metadata, check_simulated
from shopfolio.ecommerce.simulator.store import Transaction
from shopfolio.lib.money import format_money

REFUND = "refund"
LATER = 5
"""Seconds, in the simulator's time, until a slow refund is decided; at banks these are days."""

SIMULATED = frozenset({"amount", "charge", "expand[]", "metadata[*]", "payment_intent", "reason"})


def create(tx: Transaction, params: Params, moment: Moment) -> Json:
    """Give back a charge or a part of it. Raises StripeError as Stripe words it."""
    check_simulated(params, SIMULATED)
    check_metadata(params.get("metadata") or {}, "metadata")
    charge = _charge_of(tx, params)
    if charge["disputed"]:
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            kept=True,
        )
    amount = _amount(charge, params)
    card = CARDS.get(_card_number(charge))
    refund = objects.refund(charge, amount, params, now=moment.now)
    refund["status"] = card.refund_begins if card else "succeeded"
    if card and card.refund_ends != card.refund_begins:
        refund["later"] = {"status": card.refund_ends, "at": moment.now + LATER}
    if refund["status"] == "pending":
        refund["pending_reason"] = "processing"
    tx.add(refund)
    _count(tx, charge, amount)
    tell(tx, "refund.created", refund, moment)
    tell(tx, "charge.refunded", charge, moment)
    return refund


def current(tx: Transaction, id_: str, moment: Moment) -> Json:
    """The refund, decided by now if its time has come. Raises Stripe's 404."""
    refund = tx.get(REFUND, id_, param="refund")
    if "later" in refund and refund["later"]["at"] <= moment.now:
        _decide(tx, refund, moment)
    return refund


def _decide(tx: Transaction, refund: Json, moment: Moment) -> None:
    refund |= {"status": refund.pop("later")["status"], "pending_reason": None}
    if refund["status"] == "failed":
        refund["failure_reason"] = "expired_or_canceled_card"
        _count(tx, tx.get(CHARGE, refund["charge"]), -refund["amount"])
    tx.save(refund)
    tell(tx, "refund.updated", refund, moment)
    if refund["status"] == "failed":
        tell(tx, "refund.failed", refund, moment)


def _count(tx: Transaction, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    tx.save(charge)


def _charge_of(tx: Transaction, params: Params) -> Json:
    if ("charge" in params) == ("payment_intent" in params):
        raise StripeError("One of the following params should be provided: payment_intent or charge.")
    if "charge" in params:
        return _named(tx, CHARGE, params["charge"], param="charge")
    intent = _named(tx, INTENT, params["payment_intent"], param="payment_intent")
    if intent["status"] != "succeeded":
        raise StripeError(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.", kept=True
        )
    return tx.get(CHARGE, intent["latest_charge"])


def _named(tx: Transaction, kind: str, id_: str, *, param: str) -> Json:
    """An object that a parameter names, and not the path: Stripe's answer is 400 then."""
    try:
        return tx.get(kind, id_, param=param)
    except StripeError as error:
        error.status = 400
        raise


def _amount(charge: Json, params: Params) -> int:
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left <= 0:
        raise StripeError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", kept=True
        )
    amount: int = params.get("amount", left)
    if amount < 1:
        raise StripeError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        currency = charge["currency"].upper()
        raise StripeError(
            f"Refund amount ({format_money(amount, currency)}) is greater than unrefunded amount on charge "
            f"({format_money(left, currency)})",
            param="amount",
            kept=True,
        )
    return amount


def _card_number(charge: Json) -> str:
    """The test card that paid; nothing for a bank debit."""
    last4 = charge["payment_method_details"].get("card", {}).get("last4", "")
    return next((number for number in CARDS if last4 and number.endswith(last4)), "")
