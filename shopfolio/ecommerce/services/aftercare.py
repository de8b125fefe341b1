"""What the owner does about an order that did not go by itself."""

from typing import Any
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.models import Invoice, Order, OrderEvent, Refund, StripeEvent, StripeSession
from shopfolio.ecommerce.services import checkout, mails, payment, refunds
from shopfolio.tasks.models import Email
from shopfolio.tasks.outbox import do_again, enqueue
from shopfolio.users import audit


def ask_stripe(order: Order, *, by: Any) -> Order:
    """Ask Stripe about everything that was ever begun for an order, also what it never answered to.

    Raises PaymentUnavailable.
    """
    for attempt in order.sessions.filter(status=StripeSession.Status.CREATING):
        checkout.open_session(attempt, timeout=gateway.BRIEFLY)
    return payment.ask_again(order, by=by)


@transaction.atomic
def deliver_again(order_id: UUID, *, by: Any) -> bool:
    """Print the invoice if need be and mail it once more; whether there is one.

    Clicks before the mail is written are one. A mail that was never written is not a second one.
    """
    order = Order.objects.select_for_update().get(pk=order_id)
    invoice: Invoice | None = order.invoices.filter(kind=Invoice.Kind.INVOICE).first()
    if invoice is None:
        return False
    before = Email.objects.filter(key__startswith="order-paid-", key__endswith=str(order.pk)).count()
    if before:
        again = f"{invoice.number}-again-{before}"
        enqueue("ecommerce.deliver_invoice", key=again, invoice_id=str(invoice.pk), again=before)
    else:
        do_again("ecommerce.deliver_invoice", key=invoice.number, invoice_id=str(invoice.pk))
    OrderEvent.objects.create(order=order, why="The mail with the invoice is sent again.", by=by)
    return True


@transaction.atomic
def mail_again(order_id: UUID, *, what: str, by: Any) -> bool:
    """Write one of the buyer's mails once more; whether it could be. Clicks before it is sent are one.

    what: "thanks" (for an order without invoice), "link" or "sent".
    """
    order = Order.objects.select_for_update().get(pk=order_id)
    key, why = AGAIN[what]
    written = Email.objects.filter(key__startswith=key, key__endswith=str(order.pk))
    if not order.email or written.filter(key__contains="again").exclude(status=Email.Status.SENT).exists():
        return False
    again = written.count() + 1
    if what == "thanks":
        mails.mail_order_paid(order, again=again)
    elif what == "sent":
        mails.mail_order_sent(order, again=again)
    else:
        mails.mail_link_again(order, again=again)
    if written.count() < again:
        return False  # too many a day for this address
    OrderEvent.objects.create(order=order, why=why, by=by)
    return True


AGAIN = {
    "thanks": ("order-paid-", "The mail about the order is sent again."),
    "link": ("order-link-", "The link to the order is sent again."),
    "sent": ("order-sent-", "The mail about the parcel is sent again."),
}
"""How the keys of such mails begin, and what the order's story tells."""


def write_note(order_id: UUID, *, text: str, by: Any) -> None:
    """In the order's story, for those who work here; the buyer never reads it."""
    OrderEvent.objects.create(order_id=order_id, why=text, by=by, is_note=True)


def ask_for_links(email: str) -> None:
    """Promise to look whether there are orders of this address; the job's name for it tells nobody's."""
    enqueue("ecommerce.send_order_links", key=str(uuid7()), email=email)


@transaction.atomic
def renew_link(order_id: UUID, *, by: Any) -> None:
    """Make the order's link worthless, and send its buyer a new one."""
    order = Order.objects.select_for_update().get(pk=order_id)
    order.link_version += 1
    order.save(update_fields=["link_version"])
    OrderEvent.objects.create(order=order, why="The link was revoked, and a new one is sent.", by=by)
    audit.record("link", by=by, about=order)
    mails.mail_new_link(order)


def print_again(document: Invoice) -> None:
    """A credit note, or what cancels one: print it if need be, and mail the one that was not mailed yet."""
    refund = Refund.objects.filter(credit_note=document).first()
    if refund:
        do_again("ecommerce.deliver_refund", key=str(refund.pk), refund_id=str(refund.pk))
    else:
        do_again("ecommerce.print_document", key=document.number, document_id=str(document.pk))


def look_again(event: StripeEvent) -> None:
    """Have a message from Stripe looked at, now."""
    do_again("ecommerce.handle_event", key=event.event_id, event_pk=str(event.pk))


def refund_again(refund: Refund, *, by: Any) -> None:
    """Have Stripe asked once more: for a new one where it failed, else for the one that it has not answered.

    Raises CannotRefund.
    """
    if refund.status == Refund.Status.FAILED:
        refunds.try_again(refund, by=by)
    else:
        do_again("ecommerce.make_refund", key=str(refund.pk), refund_id=str(refund.pk))
    audit.record("refund", by=by, about=refund.order, note=f"again: {refund.amount} {refund.currency}")
