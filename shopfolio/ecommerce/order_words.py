"""What a buyer is told about an order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shopfolio.ecommerce.models import Order, OrderLine, Refund, StripeSession, Variant


@dataclass(frozen=True)
class Words:
    title: str
    text: str


WORDS: dict[str, tuple[Any, Any]] = {
    Order.Status.DRAFT: (
        gettext_lazy("One moment, %(name)s."),
        gettext_lazy("Your order is being made ready for payment. Nothing was charged."),
    ),
    Order.Status.AWAITING_PAYMENT: (
        gettext_lazy("It waits for your payment."),
        gettext_lazy(
            "We know of no payment yet. What you chose is held for you for half an hour. "
            "If you have just paid, please wait: this page looks again by itself."
        ),
    ),
    Order.Status.PROCESSING: (
        gettext_lazy("Thank you, %(name)s. The payment is on its way."),
        gettext_lazy(
            "Your bank takes a little longer, sometimes days. We write to %(email)s when the money is here."
        ),
    ),
    Order.Status.PAID: (
        gettext_lazy("Thank you, %(name)s. It is paid."),
        gettext_lazy("We have written to %(email)s. Keep this page’s address: it leads back to the order."),
    ),
    Order.Status.PARTIALLY_REFUNDED: (
        gettext_lazy("A part is on its way back to you."),
        gettext_lazy("The rest of the order stands. Your bank shows the money within some days."),
    ),
    Order.Status.REFUNDED: (
        gettext_lazy("This order was refunded."),
        gettext_lazy("All of it went back the way it came. Your bank shows the money within some days."),
    ),
    Order.Status.EXPIRED: (
        gettext_lazy("This order has run out."),
        gettext_lazy("It was not paid in time. Nothing was charged, and what was held is back in the shop."),
    ),
    Order.Status.CANCELLED: (
        gettext_lazy("This order was cancelled."),
        gettext_lazy("Nothing was charged, and what was held is back in the shop."),
    ),
    Order.Status.FAILED: (
        gettext_lazy("The payment did not go through."),
        gettext_lazy("Your bank refused it, so nothing was charged. You can order again."),
    ),
    Order.Status.REVIEW: (
        gettext_lazy("Thank you, %(name)s. We take a look."),
        gettext_lazy(
            "Your payment has come, but a person must look at this order first. "
            "You need not do anything: we write to %(email)s."
        ),
    ),
}


TOO_LATE = (
    gettext_lazy("The time to pay is over."),
    gettext_lazy(
        "We are asking the bank whether your payment came. If it did, we write to %(email)s; "
        "if not, nothing was charged and you can order again."
    ),
)


def words_for(order: Order, *, can_pay: bool = True) -> Words:
    """can_pay: whether the pay page of a waiting order is still open."""
    is_over = order.status == Order.Status.AWAITING_PAYMENT and not can_pay
    title, text = TOO_LATE if is_over else WORDS[order.status]
    known = {"name": order.name.split(" ")[0], "email": order.email}
    return Words(str(title) % known, str(text) % known)


@dataclass(frozen=True)
class Step:
    """state: "done", "now", or nothing for what is to come."""

    title: str
    state: str
    note: str = ""
    at: datetime | None = None


def steps_of(order: Order, lines: list[OrderLine], paid: StripeSession | None) -> list[Step]:
    """The way of an order that is paid or may be; nothing where it has ended."""
    if order.is_paid:
        return [
            Step(_("Paid"), "done", note=paid_how(paid), at=order.paid_at),
            *steps_after_payment(order, lines),
        ]
    if order.status in {Order.Status.DRAFT, Order.Status.AWAITING_PAYMENT, Order.Status.PROCESSING}:
        ordered = Step(_("Ordered"), "done", at=order.created)
        on_its_way = order.status == Order.Status.PROCESSING
        paying = Step(_("Payment on its way") if on_its_way else _("Payment"), "now")
        return [ordered, paying, *steps_after_payment(order, lines, is_paid=False)]
    return []


def steps_after_payment(order: Order, lines: list[OrderLine], *, is_paid: bool = True) -> list[Step]:
    goods = {line.goods for line in lines}
    steps = []
    if Variant.Kind.DIGITAL in goods:
        steps.append(Step(_("Ready to download"), "done" if is_paid else ""))
    if Variant.Kind.SERVICE in goods:
        steps.append(Step(_("We find a time"), "now" if is_paid else "", note=_("We write to you about it.")))
    if order.fulfilment == Order.Fulfilment.SENT:
        steps.append(Step(_("Sent"), "done", note=sent_how(order), at=order.sent_at))
    elif order.fulfilment == Order.Fulfilment.OPEN:
        steps.append(Step(_("Being packed"), "now" if is_paid else ""))
        steps.append(Step(_("With the courier"), "", note=_("We write to you when it leaves.")))
    return steps


@dataclass(frozen=True)
class MoneyBack:
    """amount: minor units of currency."""

    what: str
    amount: int
    currency: str


def money_back(refunds: list[Refund]) -> list[MoneyBack]:
    """What has gone back to the buyer, and what is about to."""
    sums: dict[tuple[str, str], int] = {}
    for refund in refunds:
        if refund.status == Refund.Status.FAILED:
            continue
        key = what_goes_back(refund), refund.currency
        sums[key] = sums.get(key, 0) + refund.amount
    return [MoneyBack(what, amount, currency) for (what, currency), amount in sorted(sums.items())]


def what_goes_back(refund: Refund) -> str:
    has_gone = refund.status == Refund.Status.SUCCEEDED
    if refund.session.is_surplus:
        return _("Paid twice, refunded") if has_gone else _("Paid twice, on its way back")
    return _("Refunded") if has_gone else _("On its way back")


def refund_lost(refunds: list[Refund]) -> bool:
    """Whether the buyer was told of money that then came back to the shop, and nobody has seen to it yet."""
    failed = [refund for refund in refunds if refund.status == Refund.Status.FAILED]
    return any(refund.credit_note_id and refund.dealt_with_at is None for refund in failed)


def paid_how(paid: StripeSession | None) -> str:
    if paid is None or not paid.last4:
        return ""
    return _("by card ending %(digits)s") % {"digits": paid.last4}


def sent_how(order: Order) -> str:
    """With which carrier, as far as it is known."""
    if order.carrier and order.tracking_number:
        known = {"carrier": order.carrier, "number": order.tracking_number}
        return _("with %(carrier)s, number %(number)s") % known
    if order.carrier:
        return _("with %(carrier)s") % {"carrier": order.carrier}
    return _("number %(number)s") % {"number": order.tracking_number} if order.tracking_number else ""


def standing_of(order: Order) -> str:
    """Payment and parcel in a few words, for the owner."""
    if not order.is_paid or order.fulfilment == Order.Fulfilment.NOTHING_TO_SEND:
        return str(order.get_status_display())
    known = {"paid": order.get_status_display(), "parcel": order.get_fulfilment_display().lower()}
    return _("%(paid)s, %(parcel)s") % known


ADVICE: dict[str, Any] = {
    Order.Status.DRAFT: gettext_lazy("It is being made ready for payment. Nothing to do."),
    Order.Status.AWAITING_PAYMENT: gettext_lazy("The buyer has not paid yet. Nothing to do."),
    Order.Status.PROCESSING: gettext_lazy("The bank takes some days to send the money. Nothing to do."),
    Order.Status.REFUNDED: gettext_lazy("All of it went back to the buyer. Nothing to do."),
    Order.Status.EXPIRED: gettext_lazy(
        "It was not paid in time; its goods are in the shop again. Nothing to do."
    ),
    Order.Status.CANCELLED: gettext_lazy("Its goods are in the shop again. Nothing to do."),
    Order.Status.FAILED: gettext_lazy("The bank refused the payment. Nothing to do."),
    Order.Status.REVIEW: gettext_lazy(
        "Money came that does not fit. Look what happened, then give it back or ask Stripe."
    ),
}


ASKED_BACK = gettext_lazy(
    "The buyer’s bank asks for the money back. Answer in Stripe’s dashboard, and send nothing yet."
)
LOOKED_AT = gettext_lazy("The buyer’s bank looks at your answer. Send nothing until it is decided.")
DISPUTED: dict[str, Any] = {
    "needs_response": ASKED_BACK,
    "warning_needs_response": ASKED_BACK,
    "under_review": LOOKED_AT,
    "warning_under_review": LOOKED_AT,
    "lost": gettext_lazy("The buyer’s bank has kept the money. Send nothing."),
}
"""What the owner does with goods that are still there, by Stripe's state of a dispute."""


def advice_in_dispute(order: Order, payment: StripeSession | None) -> str:
    """What the owner does while a bank has the payment, or for good; nothing, where all goes on as usual."""
    if payment is None:
        return ""
    if order.fulfilment != Order.Fulfilment.OPEN:
        words = _("The buyer’s bank asks for the money back. Answer in Stripe’s dashboard.")
        return words if payment.is_to_be_answered else ""
    if payment.dispute == "lost" and payment.disputed < payment.amount:
        return ""
    return str(DISPUTED.get(payment.dispute, ""))


def advice_for(order: Order, payment: StripeSession | None = None) -> str:
    """What the owner does next. payment: the one that the order keeps."""
    if words := advice_in_dispute(order, payment):
        return words
    if not order.is_paid:
        return str(ADVICE[order.status])
    if order.fulfilment == Order.Fulfilment.OPEN:
        return _("Pack it, then say that it has left; the buyer is told by mail.")
    if order.fulfilment == Order.Fulfilment.SENT:
        return _("It is paid and has left. Nothing to do.")
    return _("It is paid, and nothing needs to be sent. Nothing to do.")
