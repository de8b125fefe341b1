"""All that happened to an order, in time order, from every table that knows of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, Q
from django.utils.translation import gettext as _

from shopfolio.attention import Link, last_line
from shopfolio.ecommerce.models import Invoice, Order, Refund, StripeEvent, StripeSession
from shopfolio.lib.money import format_money
from shopfolio.tasks.attention import in_words
from shopfolio.tasks.models import Email, Job


@dataclass(frozen=True)
class Moment:
    at: datetime
    what: str
    note: str = ""
    link: Link | None = None
    is_bad: bool = False


def timeline_of(order: Order, *, language: str) -> list[Moment]:
    """With a fixed number of queries. language: that amounts are written in."""
    attempts, invoices = list(order.sessions.all()), list(order.invoices.select_related("pdf"))
    backs = list(order.refunds.all())
    heard = [attempt.session_id for attempt in attempts if attempt.session_id]
    events = list(StripeEvent.objects.filter(session_id__in=heard).defer("payload"))
    mails = list(Email.objects.filter(key__endswith=f"-{order.pk}").order_by("pk").defer("text", "html"))
    subjects: dict[str, Sequence[Model]] = {
        "order_id": [order],
        "attempt_id": attempts,
        "invoice_id": invoices,
        "event_pk": events,
        "email_id": mails,
        "refund_id": backs,
    }
    moments = [
        *changes(order),
        *payments(attempts, language),
        *documents(invoices),
        *refunds(backs, language),
        *messages(events),
        *mails_written(mails),
        *troubles(subjects),
    ]
    return sorted(moments, key=lambda moment: moment.at)


def changes(order: Order) -> Iterator[Moment]:
    yield Moment(order.created, _("Ordered"))
    for event in order.events.exclude(to_status=Order.Status.DRAFT).select_related("by"):
        moved = event.to_status and event.to_status != event.from_status
        what = _("Order: %(status)s") % {"status": event.get_to_status_display()} if moved else event.why
        if event.is_note:
            what = _("Note: %(text)s") % {"text": event.why}
        who = _("by %(who)s") % {"who": event.by} if event.by else ""
        note = ". ".join(part.rstrip(".") for part in (event.why if moved else "", who) if part)
        yield Moment(event.created, what, note, is_bad=event.to_status == Order.Status.REVIEW)


def payments(attempts: list[StripeSession], language: str) -> Iterator[Moment]:
    for attempt in attempts:
        amount = format_money(attempt.amount, attempt.currency, language)
        known = {"number": attempt.number, "amount": amount}
        link = Link.to(attempt, _("Payment %(number)s") % known)
        offered = _("Payment %(number)s offered: %(amount)s") % known
        yield Moment(attempt.created, offered, attempt.get_status_display(), link)
        if attempt.paid_at:
            paid = _("Payment %(number)s paid: %(amount)s") % known
            yield Moment(attempt.paid_at, paid, attempt.payment_method, link)


def documents(invoices: list[Invoice]) -> Iterator[Moment]:
    for invoice in invoices:
        link = Link.to(invoice)
        kind = {"kind": invoice.get_kind_display()}
        yield Moment(invoice.created, _("%(kind)s issued") % kind, link=link)
        if hasattr(invoice, "pdf"):
            yield Moment(invoice.pdf.created, _("%(kind)s printed") % kind, link=link)


def refunds(backs: list[Refund], language: str) -> Iterator[Moment]:
    for refund in backs:
        amount = format_money(refund.amount, refund.currency, language)
        yield Moment(
            refund.created,
            _("Refund: %(amount)s") % {"amount": amount},
            refund.get_status_display(),
            Link.to(refund, _("The refund")),
            is_bad=bool(refund.last_error),
        )


def messages(events: list[StripeEvent]) -> Iterator[Moment]:
    for event in events:
        what = _("Stripe told us: %(type)s") % {"type": event.type}
        yield Moment(event.created, what, event.get_status_display(), Link.to(event, _("The message")))


def mails_written(mails: list[Email]) -> Iterator[Moment]:
    for mail in mails:
        link = Link.to(mail, mail.subject)
        yield Moment(mail.created, _("Mail written"), mail.to, link)
        if mail.sent_at:
            yield Moment(mail.sent_at, _("Mail sent"), mail.to, link)


def troubles(subjects: Mapping[str, Sequence[Model]]) -> Iterator[Moment]:
    """Jobs that were given up or have failed so far; what the others did stands in the other moments."""
    about = Q()
    for argument, rows in subjects.items():
        about |= Q(**{f"args__{argument}__in": [str(row.pk) for row in rows]})
    failed = Job.objects.filter(about).exclude(last_error="")
    # Apart, because each status has an index of its own.
    for job in [*failed.filter(status=Job.Status.DEAD), *failed.filter(status=Job.Status.DUE)]:
        is_dead = job.status == Job.Status.DEAD
        what = _("Given up: %(work)s") if is_dead else _("Will be tried again: %(work)s")
        link = Link.to(job, _("The job"))
        yield Moment(
            job.modified, what % {"work": in_words(job.name)}, last_line(job.last_error), link, is_bad=is_dead
        )
