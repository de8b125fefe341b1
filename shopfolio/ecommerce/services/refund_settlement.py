"""What Stripe says of refunds, put into our books. It may all run twice, at once, late or out of order."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import KeySpent, PaymentUnavailable, RefundRefused
from shopfolio.ecommerce.gateway import RefundState
from shopfolio.ecommerce.models import Order, OrderEvent, Refund, StripeSession
from shopfolio.ecommerce.services import payment, stock
from shopfolio.ecommerce.services.credit_notes import cancel_credit_note, issue_credit_note
from shopfolio.ecommerce.services.entitlements import restore_entitlements, revoke_entitlements
from shopfolio.ecommerce.services.notices import call_owner
from shopfolio.ecommerce.services.refunds import shown
from shopfolio.tasks.outbox import enqueue

Status = Refund.Status
STATUS = {"succeeded": Status.SUCCEEDED, "failed": Status.FAILED, "canceled": Status.FAILED}
"""What Stripe's words are to us; whatever else it says is on its way."""
RANK = {Status.CREATED: 0, Status.PENDING: 1, Status.SUCCEEDED: 2, Status.FAILED: 3}
"""A refund only goes forward: an answer that was asked for earlier may arrive later."""
STRIPE_CHANGES_ITS_MIND = timedelta(days=35)
"""A bank may send money back a month after it was told to take it."""


def make_refund(refund_id: UUID | str) -> None:
    """Have Stripe make a promised refund. Safe to call again, after a lost answer, and after days.

    Stripe is asked first what there is: it knows an idempotency key for a day only.

    Raises PaymentUnavailable.
    """
    refund = Refund.objects.select_related("session").get(pk=refund_id)
    if refund.status != Status.CREATED:
        return
    try:
        settle_refunds(refund.session.payment_intent)
        refund.refresh_from_db(fields=["status"])
        if refund.status == Status.CREATED:
            record_refunds(refund.session, [ask_for(refund)])
    except RefundRefused as error:
        note_refusal(refund, why=str(error))
    except KeySpent:
        renew_key(refund)
        raise


def ask_for(refund: Refund) -> RefundState:
    return gateway.create_refund(
        payment_intent=refund.session.payment_intent,
        amount=refund.amount,
        reason="duplicate" if refund.session.is_surplus else "requested_by_customer",
        metadata={"refund": str(refund.pk), "order": str(refund.order_id)},
        idempotency_key=refund.idempotency_key,
    )


def renew_key(refund: Refund) -> None:
    """Under the old one Stripe would repeat for a day that it stumbled. Two at once take the same new one."""
    used = int(refund.idempotency_key.partition(f"{refund.pk}:")[2] or 1)
    waiting = Refund.objects.filter(
        pk=refund.pk, status=Status.CREATED, idempotency_key=refund.idempotency_key
    )
    waiting.update(idempotency_key=f"re:{refund.pk}:{used + 1}", modified=timezone.now())


def settle_refunds(payment_intent: str) -> Order | None:
    """Ask Stripe what went back of a payment, and make our books say the same; nothing, if it is not ours.

    The one function behind events about refunds, the job and the reconciler. Raises PaymentUnavailable.
    """
    attempt = find_payment(payment_intent) if payment_intent else None
    if attempt is None:
        return None
    states = gateway.retrieve_refunds(payment_intent)
    if states and attempt.status != StripeSession.Status.PAID:
        raise PaymentUnavailable("Stripe gives back what it does not call paid yet.")
    return record_refunds(attempt, states)


def find_payment(payment_intent: str) -> StripeSession | None:
    """The attempt that was paid with it. News of a refund may overtake those of the payment: then ask."""
    attempts = StripeSession.objects.filter(payment_intent=payment_intent)
    attempt = attempts.first()
    if attempt is None or attempt.status != StripeSession.Status.PAID:
        session_id = attempt.session_id if attempt else gateway.find_session_of(payment_intent)
        if session_id:
            payment.settle(session_id, timeout=gateway.BRIEFLY)
            attempt = attempts.first()
    return attempt


@transaction.atomic
def record_refunds(attempt: StripeSession, states: Sequence[RefundState]) -> Order:
    """Write down what Stripe has just said of an attempt's refunds. Locks the order first."""
    order = Order.objects.select_for_update().get(pk=attempt.order_id)
    for state in states:
        refund = find_refund(attempt, state) or write_foreign(order, attempt, state)
        if refund.refund_id is None or RANK[read_status(state)] > RANK[Status(refund.status)]:
            take_over(order, refund, state)
    return order


def read_status(state: RefundState) -> Status:
    return STATUS.get(state.status, Status.PENDING)


def find_refund(attempt: StripeSession, state: RefundState) -> Refund | None:
    """By Stripe's id; or by ours, when its answer never reached us."""
    of_payment = Refund.objects.filter(session=attempt).select_related("session", "credit_note", "by")
    if found := of_payment.filter(refund_id=state.id).first():
        return found
    try:
        key = UUID(state.metadata.get("refund", ""))
    except ValueError:
        return None
    return of_payment.filter(pk=key, refund_id=None, amount=state.amount).first()


def write_foreign(order: Order, attempt: StripeSession, state: RefundState) -> Refund:
    """A refund that somebody made at Stripe, past us."""
    return Refund.objects.create(
        order=order,
        session=attempt,
        amount=state.amount,
        currency=state.currency,
        reason=_("Made at Stripe"),
        idempotency_key=f"stripe:{state.id}",
    )


def take_over(order: Order, refund: Refund, state: RefundState) -> None:
    before = refund.status
    refund.refund_id, refund.status, refund.last_error = state.id, read_status(state), state.failure_reason
    refund.save(update_fields=["refund_id", "status", "last_error"])
    if refund.status == Status.SUCCEEDED:
        on_succeeded(order, refund)
    elif refund.status == Status.FAILED:
        on_failed(order, refund, had_succeeded=before == Status.SUCCEEDED)


def on_succeeded(order: Order, refund: Refund) -> None:
    why = _("Refunded %(amount)s.") % {"amount": shown(refund.amount, refund.currency)}
    balance(order, refund, why=f"{why} {refund.reason}".strip(), by=refund.by)
    if order.status == Order.Status.REFUNDED:
        revoke_entitlements(order)
        if stock.is_held_for(order):  # it never became a sale: what was set aside for it is for others now
            stock.release_order(order)
    if refund.restock and order.paid_at:
        stock.return_order(order)
    issue_credit_note(refund)
    enqueue("ecommerce.deliver_refund", key=str(refund.pk), refund_id=str(refund.pk))


def on_failed(order: Order, refund: Refund, *, had_succeeded: bool = False) -> None:
    """The money is still the shop's, so the books are as before; a person must find another way."""
    amount = shown(refund.amount, refund.currency)
    if had_succeeded:
        balance(order, refund, why=_("A refund of %(amount)s came back.") % {"amount": amount})
        if order.is_paid:
            restore_entitlements(order)
        if refund.credit_note:
            document = cancel_credit_note(refund.credit_note, refund)
            enqueue("ecommerce.print_document", key=document.number, document_id=str(document.pk))
    call_owner(
        order,
        _("A refund of %(amount)s has failed: %(error)s")
        % {"amount": amount, "error": refund.last_error or _("Stripe does not say why.")},
    )


def balance(order: Order, refund: Refund, *, why: str, by: Any = None) -> None:
    """Make the order's figure and status what its refunds say, and leave an event either way."""
    if refund.session.is_surplus:
        OrderEvent.objects.create(order=order, why=why[:500])
        return
    paid = refund.session
    gone = paid.refunds.filter(status=Status.SUCCEEDED).aggregate(total=Sum("amount"))["total"] or 0
    if paid.currency == order.currency:
        order.amount_refunded = gone
        order.save(update_fields=["amount_refunded"])
    status = fitting_status(order, gone=gone, came=paid.amount)
    if status != order.status:
        order.transition(status, why=why[:500], by=by)
    else:
        OrderEvent.objects.create(order=order, why=why[:500], by=by)


def fitting_status(order: Order, *, gone: int, came: int) -> str:
    if gone == came:
        return Order.Status.REFUNDED
    if order.paid_at is None:
        return Order.Status.REVIEW
    return Order.Status.PARTIALLY_REFUNDED if gone else Order.Status.PAID


@transaction.atomic
def note_refusal(refund: Refund, *, why: str) -> None:
    """Stripe will not make it, ever: what was kept back for it may be refunded in another way."""
    order = Order.objects.select_for_update().get(pk=refund.order_id)
    still_ours = Refund.objects.filter(pk=refund.pk, status=Status.CREATED, refund_id=None)
    if still_ours.update(status=Status.FAILED, last_error=why[:1000], modified=timezone.now()):
        on_failed(order, Refund.objects.select_related("session").get(pk=refund.pk))


def differing_payments() -> list[str]:
    """Payments of ours of whose refunds Stripe says something else than our books, or may come to."""
    since = timezone.now() - STRIPE_CHANGES_ITS_MIND
    told = {state.id: state for state in gateway.retrieve_refunds_since(since)}
    known = dict(Refund.objects.filter(refund_id__in=told).values_list("refund_id", "status"))
    news = {state.payment_intent for state in told.values() if known.get(state.id) != read_status(state)}
    ours = StripeSession.objects.filter(payment_intent__in=news).values_list("payment_intent", flat=True)
    undecided = Refund.objects.undecided().values_list("session__payment_intent", flat=True)
    return sorted({*ours, *undecided})
