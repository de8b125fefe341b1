"""Jobs of the shop. Each names a service; what it does stands there."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import PaymentUnavailable, SessionUnknown
from shopfolio.ecommerce.models import Cart, Invoice, Order, OrderEvent, Refund, StripeEvent, StripeSession
from shopfolio.ecommerce.services import (
    checkout,
    disputes,
    invoicing,
    mails,
    payment,
    refund_settlement,
    watch,
)
from shopfolio.lib.db import delete_in_batches
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import PermanentFailure, enqueue, job, let_one_ask, run_again

Attempt = StripeSession.Status

DAY = 86_400


@job("ecommerce.handle_event", _("Take in what Stripe told us"), external=True)
def handle_event(*, event_pk: str) -> None:
    """An event is only the reason to ask."""
    watch.refuse_while_away("ecommerce.handle_event")
    ask_about_event(event_pk=event_pk)


def ask_about_event(*, event_pk: str) -> None:
    event = StripeEvent.objects.get(pk=event_pk)
    order = settle_event(event)
    status = StripeEvent.Status.HANDLED if order else StripeEvent.Status.IGNORED
    now = timezone.now()
    StripeEvent.objects.filter(pk=event.pk).update(status=status, handled_at=now, modified=now)


def settle_event(event: StripeEvent) -> Order | None:
    """The order that it was about; nothing where it is no payment, another shop's, or of the other mode."""
    if event.payload.get("livemode", gateway.is_live()) != gateway.is_live():
        return None
    if event.is_dispute:
        return disputes.settle_disputes(event.payment_intent)
    if event.payment_intent:
        return refund_settlement.settle_refunds(event.payment_intent)
    if not event.session_id:
        return None
    try:
        return payment.settle(event.session_id, timeout=gateway.BRIEFLY)
    except SessionUnknown as error:
        if not StripeSession.objects.filter(session_id=event.session_id).exists():
            return None
        raise unknown(event.session_id) from error


@job("ecommerce.follow_attempt", _("Ask Stripe whether an order was paid"), external=True)
def follow_attempt(*, attempt_id: str) -> None:
    """Ask Stripe about an attempt that is not decided yet; one past its time is asked for until it is."""
    watch.refuse_while_away("ecommerce.follow_attempt")
    try:
        ask_about_attempt(attempt_id=attempt_id)
    except PermanentFailure:
        follow_ups = Job.objects.filter(name="ecommerce.follow_attempt", args__attempt_id=attempt_id)
        if not follow_ups.filter(status=Job.Status.DEAD).exists():  # one is enough for the owner to see
            raise


def ask_about_attempt(*, attempt_id: str) -> None:
    attempt = StripeSession.objects.get(pk=attempt_id)
    try:
        attempt = checkout.open_session(attempt, timeout=gateway.BRIEFLY)
        if attempt.session_id and attempt.status in {Attempt.OPEN, Attempt.PROCESSING}:
            payment.settle(attempt.session_id, timeout=gateway.BRIEFLY)
    except SessionUnknown as error:
        raise unknown(attempt.session_id or "") from error
    attempt.refresh_from_db()
    if attempt.status == Attempt.OPEN and attempt.expires_at <= timezone.now():
        raise NotExpiredYet


class NotExpiredYet(Exception):
    """The session's time is over by our clock, but Stripe would still take money for it."""

    def __str__(self) -> str:
        return "Stripe has not expired it yet."


def unknown(session_id: str) -> PermanentFailure:
    return PermanentFailure(
        f"Stripe does not know the session {session_id}. Was it made with the key of another account? "
        "Its goods stay held until Stripe can be asked with that key."
    )


@job(
    "ecommerce.watch_stripe",
    _("Follow Stripe while somebody pays"),
    external=True,
    every=30,
    when=watch.has_reason,
)
def watch_stripe() -> None:
    """While somebody may be paying, or a job waits for Stripe: our books follow Stripe's within a minute.

    The job that has waited longest asks for all of its kind: a long outage costs one question at a time.
    """
    try:
        watch.settle_decided()
        watch.settle_slow()
    except PaymentUnavailable:
        return
    let_one_ask("ecommerce.handle_event", ask_about_event, away=PaymentUnavailable)
    let_one_ask("ecommerce.follow_attempt", ask_about_attempt, away=PaymentUnavailable)
    let_one_ask("ecommerce.make_refund", refund_settlement.make_refund, away=PaymentUnavailable)
    let_one_ask("ecommerce.settle_refunds", refund_settlement.settle_refunds, away=PaymentUnavailable)


@job("ecommerce.reconcile", _("Compare all open payments with Stripe"), every=DAY)
def reconcile() -> None:
    """Every night: undecided attempts are asked for once more; what died of late runs again."""
    now = timezone.now()
    lately = Job.objects.filter(created__gt=now - timedelta(days=7))
    for row in lately.filter(status=Job.Status.DEAD, name__in=watch.ASKS_STRIPE):
        run_again(row)
    today = now.date()
    for attempt_id in undecided_attempts():
        enqueue("ecommerce.follow_attempt", key=f"{attempt_id}-{today}", attempt_id=attempt_id)
    enqueue("ecommerce.compare_refunds", key=str(today))
    enqueue("ecommerce.compare_disputes", key=str(today))


def undecided_attempts() -> list[str]:
    """Keys of attempts that Stripe may know more about than we; the last minute's are still on their way."""
    undecided = StripeSession.objects.filter(status__in=["creating", "open", "processing"])
    settled_by_now = timezone.now() - timedelta(minutes=1)
    return [str(key) for key in undecided.filter(created__lt=settled_by_now).values_list("pk", flat=True)]


PAYLOADS_LIVE = timedelta(days=30)


@job("ecommerce.forget", _("Forget old carts and what Stripe told long ago"), external=True, every=DAY)
def forget() -> None:
    """Every night: carts that nobody comes back to, and what Stripe's messages said, not that they came."""
    delete_in_batches(Cart.objects.abandoned())
    old = StripeEvent.objects.filter(created__lt=timezone.now() - PAYLOADS_LIVE)
    old.exclude(payload={}).update(payload={})


@job("ecommerce.make_refund", _("Send money back to a buyer"), external=True)
def make_refund(*, refund_id: str) -> None:
    refund_settlement.make_refund(refund_id)


@job("ecommerce.settle_refunds", _("Ask Stripe what went back to a buyer"), external=True)
def settle_refunds(*, payment_intent: str) -> None:
    refund_settlement.settle_refunds(payment_intent)


@job("ecommerce.compare_refunds", _("Compare all refunds with Stripe"), external=True)
def compare_refunds() -> None:
    """Part of the nightly run: refunds at Stripe that nobody told us of, and ours that are not finished."""
    today = timezone.now().date()
    for refund_id in Refund.objects.undecided().filter(refund_id=None).values_list("pk", flat=True):
        enqueue("ecommerce.make_refund", key=f"{refund_id}-{today}", refund_id=str(refund_id))
    for intent in refund_settlement.differing_payments():
        enqueue("ecommerce.settle_refunds", key=f"{intent}-{today}", payment_intent=intent)


@job("ecommerce.compare_disputes", _("Ask Stripe what banks ask back"), external=True)
def compare_disputes() -> None:
    """Part of the nightly run: what banks ask back that nobody told us of."""
    for intent in disputes.differing_payments():
        disputes.settle_disputes(intent)


@job("ecommerce.deliver_refund", _("Tell a buyer that money comes back"), external=True)
def deliver_refund(*, refund_id: str) -> None:
    mails.deliver_refund(Refund.objects.select_related("order", "session", "credit_note").get(pk=refund_id))


@job("ecommerce.print_document", _("Print a credit note"), external=True)
def print_document(*, document_id: str) -> None:
    invoicing.pdf_of(Invoice.objects.get(pk=document_id))


@job("ecommerce.deliver_invoice", _("Print an invoice and mail it to the buyer"), external=True)
def deliver_invoice(*, invoice_id: str, again: int = 0) -> None:
    mails.deliver(Invoice.objects.select_related("order").get(pk=invoice_id), again=again)


@job("ecommerce.remove_demo", _("Take the demo content away"), external=True)
def remove_demo(*, trials: bool) -> None:
    from shopfolio.ecommerce.demo import removal  # once in a site's life

    removal.remove_demo(trials=trials)


@job("ecommerce.mail_order_paid", _("Thank the buyer for an order"))
def mail_order_paid(*, order_id: str) -> None:
    mails.mail_order_paid(Order.objects.get(pk=order_id))


@job("ecommerce.send_order_links", _("Send somebody the links to their orders"), forgets=True)
def send_order_links(*, email: str) -> None:
    mails.mail_order_links(email)


@job("ecommerce.mail_order_received", _("Tell you of a new order"))
def mail_order_received(*, order_id: str) -> None:
    mails.mail_order_received(order_id)


@job("ecommerce.mail_owner", _("Write to you about an order"))
def mail_owner(*, event_id: str) -> None:
    mails.mail_owner(OrderEvent.objects.select_related("order").get(pk=event_id))
