"""What Stripe says of a payment, put into our books. It may all run twice, at once, late or out of order."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import SoldOut
from shopfolio.ecommerce.gateway import SessionState
from shopfolio.ecommerce.models import CartLine, Order, OrderEvent, StripeSession
from shopfolio.ecommerce.services import stock
from shopfolio.ecommerce.services.cart import set_quantity
from shopfolio.ecommerce.services.entitlements import grant_entitlements
from shopfolio.ecommerce.services.invoicing import enqueue_paid_mails, issue_invoice
from shopfolio.ecommerce.services.notices import tell_owner
from shopfolio.ecommerce.services.refunds import return_surplus

Attempt = StripeSession.Status


def settle(session_id: str, *, timeout: float | None = None) -> Order | None:
    """Ask Stripe about a session and move its order to where Stripe says it is; nothing, if it is not ours.

    The one function behind webhooks, the return page and the reconciler. Raises PaymentUnavailable.
    timeout: seconds to wait for Stripe.
    """
    return record(gateway.retrieve_session(session_id, timeout=timeout))


@transaction.atomic
def record(state: SessionState) -> Order | None:
    """Write down what Stripe has just said of a session. Locks the order first, then its attempt."""
    found = find_attempt(state)
    if found is None or state.livemode != gateway.is_live():
        return None
    order = Order.objects.select_for_update().get(pk=found.order_id)
    attempt = StripeSession.objects.select_for_update().get(pk=found.pk)
    if attempt.session_id is None:
        adopt(order, attempt, state)
    attempt.asked_at = timezone.now()
    attempt.save(update_fields=["asked_at"])
    if state.is_paid:
        on_paid(order, attempt, state)
    elif state.status == "complete":
        on_unpaid(order, attempt, state)
    elif state.status == "expired":
        on_expired(order, attempt)
    return order


def find_attempt(state: SessionState) -> StripeSession | None:
    """By Stripe's id; or by ours, when Stripe was quicker than our own second transaction."""
    attempt = StripeSession.objects.filter(session_id=state.id).first()
    if attempt is not None:
        return attempt
    try:
        key = UUID(state.metadata.get("attempt", ""))
    except ValueError:
        return None
    return StripeSession.objects.filter(pk=key, session_id=None).first()


def adopt(order: Order, attempt: StripeSession, state: SessionState) -> None:
    """The session exists: the order is offered for payment, unless we have given the attempt up."""
    attempt.session_id, attempt.url, attempt.last_error = state.id, state.url, ""
    if attempt.status == Attempt.CREATING:
        attempt.status = Attempt.OPEN
    attempt.save(update_fields=["session_id", "url", "status", "last_error"])
    if order.status == Order.Status.DRAFT:
        order.transition(Order.Status.AWAITING_PAYMENT)


def on_paid(order: Order, attempt: StripeSession, state: SessionState) -> None:
    if attempt.status == Attempt.PAID:
        return
    attempt.status, attempt.paid_at = Attempt.PAID, timezone.now()
    attempt.payment_intent, attempt.payment_method = state.payment_intent, state.payment_method
    attempt.card_brand, attempt.last4 = state.card_brand, state.last4
    attempt.amount, attempt.currency = state.amount, state.currency
    attempt.save()
    if order.find_payment() != attempt:
        return_surplus(order, attempt)
        return
    count_money(order, state)
    if mismatch := difference(order, state):
        review(order, why=mismatch)
    elif order.status in Order.HOLDS_STOCK:
        mark_paid(order, attempt=attempt)
    else:
        take_late_money(order, attempt, why="Paid late; the goods were still there")


def count_money(order: Order, state: SessionState) -> None:
    """What came is the order's to keep or to give back, whether or not it becomes a sale."""
    order.amount_paid = state.amount if state.currency == order.currency else 0
    order.save(update_fields=["amount_paid"])


def difference(order: Order, state: SessionState) -> str:
    """What Stripe was paid for and the order does not say; retrying would not help."""
    if state.reference != str(order.pk):
        return f"Stripe's session {state.id} names another order: {state.reference}"[:500]
    if (state.amount, state.currency) != (order.total, order.currency):
        return f"Stripe was paid {state.amount} {state.currency}, the order is {order.total} {order.currency}"
    return ""


def review(order: Order, *, why: str, by: Any = None) -> None:
    """Put an order before the owner's eyes; its goods stay where they are."""
    if Order.Status.REVIEW in Order.NEXT[order.status]:
        order.transition(Order.Status.REVIEW, why=why, by=by)
        tell_owner(order.events.latest("created"))
    else:
        OrderEvent.objects.create(order=order, why=why, by=by)


def take_late_money(order: Order, attempt: StripeSession, *, why: str, by: Any = None) -> None:
    """Money for an order whose goods went back: take them again, or ask the owner."""
    try:
        if not stock.is_held_for(order):
            stock.reserve_order(order)
    except SoldOut as error:
        when = (
            "Asked Stripe again."
            if order.status == Order.Status.REVIEW
            else f"Paid after it was {order.status}."
        )
        review(order, why=f"{when} {error.message}", by=by)
    else:
        mark_paid(order, attempt=attempt, why=why, by=by)


def ask_again(order: Order, *, by: Any = None) -> Order:
    """Ask Stripe about everything that was ever begun for an order, and believe it.

    An order in review becomes a sale when its money is right and its goods are there now. by: who asks.
    Raises PaymentUnavailable.
    """
    for attempt in order.sessions.exclude(session_id=None).order_by("number"):
        state = gateway.retrieve_session(attempt.session_id or "", timeout=gateway.BRIEFLY)
        record(state)
        if state.is_paid:
            look_again(state, by=by)
    return Order.objects.get(pk=order.pk)


@transaction.atomic
def look_again(state: SessionState, *, by: Any) -> None:
    """Decide an order in review by what Stripe has just said of its money, and by what is on the shelf."""
    attempt = StripeSession.objects.get(session_id=state.id)
    order = Order.objects.select_for_update().get(pk=attempt.order_id)
    if order.status != Order.Status.REVIEW or order.find_payment() != attempt:
        return
    if attempt.disputed:
        review(order, why=_("The buyer’s bank has the money, or a part of it: no sale."), by=by)
    elif attempt.left_to_refund != attempt.amount:
        review(order, why=_("Money is going back, or has gone back: refund the rest as well."), by=by)
    elif mismatch := difference(order, state):
        review(order, why=mismatch, by=by)
    else:
        take_late_money(order, attempt, why="Asked Stripe again: money and goods are there", by=by)


def mark_paid(order: Order, *, attempt: StripeSession | None, why: str = "", by: Any = None) -> Order:
    """A locked order whose goods are reserved becomes a sale, with all that follows from it.

    attempt: nothing for an order that costs nothing, which gets no invoice.
    """
    order.transition(Order.Status.PAID, why=why, by=by)
    stock.sell_order(order)
    grant_entitlements(order)
    empty_cart(order)
    invoice = issue_invoice(order, attempt=attempt) if attempt else None
    enqueue_paid_mails(order, invoice)
    return order


def empty_cart(order: Order) -> None:
    """What was bought leaves the cart; what was put in since stays."""
    if order.cart_id is None:
        return
    bought = dict(stock.pieces(order))
    lines = CartLine.objects.select_for_update().filter(cart_id=order.cart_id, variant_id__in=bought)
    for line in lines.order_by("pk"):
        set_quantity(line, quantity=max(0, line.quantity - bought[line.variant_id]))


def on_unpaid(order: Order, attempt: StripeSession, state: SessionState) -> None:
    """Complete at Stripe, but the money takes its time, or did not come."""
    if attempt.status == Attempt.OPEN:
        attempt.status, attempt.payment_intent = Attempt.PROCESSING, state.payment_intent
        attempt.save(update_fields=["status", "payment_intent"])
        if order.status == Order.Status.AWAITING_PAYMENT:
            order.transition(Order.Status.PROCESSING)
    if state.has_failed and attempt.status == Attempt.PROCESSING:
        attempt.status = Attempt.FAILED
        attempt.save(update_fields=["status"])
        if order.status == Order.Status.PROCESSING:
            stock.release_order(order)
            order.transition(Order.Status.FAILED)


def on_expired(order: Order, attempt: StripeSession) -> None:
    """Nobody can pay this session any more: only now the goods go back."""
    if attempt.status != Attempt.OPEN:
        return
    attempt.status = Attempt.EXPIRED
    attempt.save(update_fields=["status"])
    if order.status == Order.Status.AWAITING_PAYMENT:
        stock.release_order(order)
        order.transition(Order.Status.EXPIRED)
