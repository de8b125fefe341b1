"""Jobs of the shop. Each names a service; what it does stands there."""

from datetime import timedelta

from django.utils import timezone

from shopfolio.ecommerce.exceptions import PaymentUnavailable
from shopfolio.ecommerce.models import Invoice, Order, StripeEvent, StripeSession
from shopfolio.ecommerce.services import checkout, mails, payment
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import enqueue, job, run_again

DAY = 86_400
ASKS_STRIPE = ("ecommerce.handle_event", "ecommerce.follow_attempt")


@job("ecommerce.handle_event", external=True)
def handle_event(*, event_pk: str) -> None:
    """An event is only the reason to ask."""
    event = StripeEvent.objects.get(pk=event_pk)
    order = payment.settle(event.session_id) if event.session_id else None
    status = StripeEvent.Status.HANDLED if order else StripeEvent.Status.IGNORED
    now = timezone.now()
    StripeEvent.objects.filter(pk=event.pk).update(status=status, handled_at=now, modified=now)


@job("ecommerce.follow_attempt", external=True)
def follow_attempt(*, attempt_id: str) -> None:
    """Ask Stripe about an attempt that is not decided yet; one past its time is asked for until it is."""
    attempt = checkout.open_session(StripeSession.objects.get(pk=attempt_id))
    if attempt.session_id and attempt.status in {StripeSession.Status.OPEN, StripeSession.Status.PROCESSING}:
        payment.settle(attempt.session_id)
        attempt.refresh_from_db()
    if attempt.status == StripeSession.Status.OPEN and attempt.expires_at <= timezone.now():
        raise PaymentUnavailable("Stripe has not expired the session yet.")


@job("ecommerce.reconcile", every=DAY)
def reconcile() -> None:
    """Every night: undecided attempts are asked for once more; what died while Stripe was away runs again.

    What is older than a week died of something else.
    """
    now = timezone.now()
    lately = Job.objects.filter(created__gt=now - timedelta(days=7))
    for row in lately.filter(status=Job.Status.DEAD, name__in=ASKS_STRIPE):
        run_again(row)
    today = now.date()
    for attempt_id in undecided_attempts():
        enqueue("ecommerce.follow_attempt", key=f"{attempt_id}-{today}", attempt_id=attempt_id)


def undecided_attempts() -> list[str]:
    """Keys of attempts that Stripe may know more about than we; the last minute's are still on their way."""
    undecided = StripeSession.objects.filter(status__in=["creating", "open", "processing"])
    settled_by_now = timezone.now() - timedelta(minutes=1)
    return [str(key) for key in undecided.filter(created__lt=settled_by_now).values_list("pk", flat=True)]


@job("ecommerce.deliver_invoice", external=True)
def deliver_invoice(*, invoice_id: str) -> None:
    mails.deliver(Invoice.objects.select_related("order").get(pk=invoice_id))


@job("ecommerce.mail_order_paid")
def mail_order_paid(*, order_id: str) -> None:
    mails.mail_order_paid(Order.objects.get(pk=order_id))


@job("ecommerce.mail_order_received")
def mail_order_received(*, order_id: str) -> None:
    mails.mail_order_received(order_id)
