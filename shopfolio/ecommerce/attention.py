"""Orders, payments, invoices and shelves that wait for the owner."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shopfolio import attention
from shopfolio.attention import Case, Check, Link, last_line, only_keys
from shopfolio.ecommerce.models import Invoice, Order, OrderEvent, Refund, StripeEvent, StripeSession
from shopfolio.ecommerce.services.refunds import shown
from shopfolio.ecommerce.services.stocktaking import differing
from shopfolio.tasks.models import Job

Attempt = StripeSession.Status

STRIPE_MAY_TAKE = timedelta(minutes=10)
"""To make a payment page, to expire one, or to tell us what an event is about."""

BANKS_MAY_TAKE = timedelta(days=14)
"""Until money is here that was said to be on its way."""

PRINTING_MAY_TAKE = timedelta(hours=1)


def link_to(order: Order) -> Link:
    return Link.to(order, gettext("Order %(number)s") % {"number": order.number})


def find_orders(keys: list[str]) -> dict[str, Link]:
    return {str(order.pk): link_to(order) for order in Order.objects.filter(pk__in=only_keys(keys))}


def orders_of(model: type[Model]) -> Callable[[list[str]], dict[str, Link]]:
    """The orders of rows that have one."""

    def find(keys: list[str]) -> dict[str, Link]:
        found: Any = model._default_manager.filter(pk__in=only_keys(keys)).select_related("order")
        return {str(row.pk): link_to(row.order) for row in found}

    return find


def orders_of_payments(intents: list[str]) -> dict[str, Link]:
    found = StripeSession.objects.filter(payment_intent__in=intents).select_related("order")
    return {attempt.payment_intent: link_to(attempt.order) for attempt in found}


def orders_of_events(keys: list[str]) -> dict[str, Link]:
    events = StripeEvent.objects.filter(pk__in=only_keys(keys)).exclude(session_id="")
    sessions = {str(key): session for key, session in events.values_list("pk", "session_id")}
    attempts = StripeSession.objects.filter(session_id__in=sessions.values()).select_related("order")
    links = {attempt.session_id: link_to(attempt.order) for attempt in attempts}
    return {key: links[session] for key, session in sessions.items() if session in links}


attention.SUBJECTS |= {
    "order_id": find_orders,
    "invoice_id": orders_of(Invoice),
    "document_id": orders_of(Invoice),
    "attempt_id": orders_of(StripeSession),
    "refund_id": orders_of(Refund),
    "event_id": orders_of(OrderEvent),
    "event_pk": orders_of_events,
    "payment_intent": orders_of_payments,
}


def named(order: Order) -> str:
    """Who ordered for how much, as the owner knows an order."""
    return f"{order.name}, {shown(order.total, order.currency)}"


def ask_stripe(order: Order) -> Link:
    return Link.to_do(order, "ask_stripe_again", _("Ask Stripe again"))


def in_review() -> QuerySet[Order]:
    return Order.objects.filter(status=Order.Status.REVIEW).order_by("-modified")


def cases_of_reviews(orders: list[Order]) -> list[Case]:
    events = OrderEvent.objects.filter(order__in=orders, is_note=False).exclude(why="").order_by("created")
    why = {event.order_id: event.why for event in events}
    paid = StripeSession.objects.filter(order__in=orders, status=Attempt.PAID)
    has_money = set(paid.values_list("order_id", flat=True))
    return [
        Case(
            what=named(order),
            since=order.modified,
            why=why.get(order.pk, ""),
            links=[link_to(order), *([link_to_refund(order)] if order.pk in has_money else [])],
            buttons=[ask_stripe(order)],
        )
        for order in orders
    ]


def link_to_refund(order: Order) -> Link:
    address = reverse("admin:ecommerce_order_refund", args=[order.pk])
    return Link(gettext("Refund…"), address, ("ecommerce.add_refund",))


def undecided_payments() -> QuerySet[StripeSession]:
    """Attempts past the time that they may take."""
    now = timezone.now()
    being_made = Q(status=Attempt.CREATING, created__lt=now - STRIPE_MAY_TAKE)
    not_expired = Q(status=Attempt.OPEN, expires_at__lt=now - STRIPE_MAY_TAKE)
    on_its_way = Q(status=Attempt.PROCESSING, created__lt=now - BANKS_MAY_TAKE)
    late = StripeSession.objects.filter(being_made | not_expired | on_its_way)
    return late.select_related("order").order_by("-created")


LATE: dict[str, Any] = {
    Attempt.CREATING: _("Stripe has not made the pay page yet."),
    Attempt.OPEN: _("Its time is over, but Stripe has not closed it. The goods stay held."),
    Attempt.PROCESSING: _("The bank has sent no money for two weeks."),
}


def cases_of_payments(attempts: list[StripeSession]) -> list[Case]:
    return [
        Case(
            what=named(attempt.order),
            since=attempt.expires_at if attempt.status == Attempt.OPEN else attempt.created,
            why=" ".join([str(LATE[attempt.status]), attempt.last_error]).strip(),
            links=[link_to(attempt.order)],
            buttons=[ask_stripe(attempt.order)],
        )
        for attempt in attempts
    ]


def cases_of_refunds(refunds: list[Refund]) -> list[Case]:
    return [
        Case(
            what=f"{refund.order.name}, {shown(refund.amount, refund.currency)}",
            since=refund.created,
            why=last_line(refund.last_error),
            links=[link_to(refund.order), Link.to(refund, gettext("The refund"))],
            buttons=[
                Link.to_do(refund, "try_again", _("Try again")),
                *([Link.to_do(refund, "set_aside", _("I have seen to it"))] if has_failed(refund) else []),
            ],
        )
        for refund in refunds
    ]


def has_failed(refund: Refund) -> bool:
    return refund.status == Refund.Status.FAILED


def refunds_in_trouble() -> QuerySet[Refund]:
    return Refund.objects.need_a_look().select_related("order").order_by("-created")


def disputed_payments() -> QuerySet[StripeSession]:
    """The first to be lost comes first."""
    found = StripeSession.objects.wait_for_an_answer().select_related("order")
    return found.order_by("answer_by", "-created")


def cases_of_disputes(attempts: list[StripeSession]) -> list[Case]:
    return [
        Case(
            what=named(attempt.order),
            since=attempt.modified,
            why=to_be_answered(attempt.answer_by),
            links=[link_to(attempt.order)],
        )
        for attempt in attempts
    ]


def to_be_answered(by: datetime | None) -> str:
    if by is None:
        return ""
    return gettext("To be answered by %(date)s.") % {"date": date_format(timezone.localtime(by), "j F Y")}


def unheard_events() -> QuerySet[StripeEvent]:
    """Taken in, but not looked at; those whose job was given up are told as work."""
    given_up = Job.objects.filter(
        name="ecommerce.handle_event", key=OuterRef("event_id"), status=Job.Status.DEAD
    )
    late = StripeEvent.objects.filter(
        ~Exists(given_up), status=StripeEvent.Status.RECEIVED, created__lt=timezone.now() - STRIPE_MAY_TAKE
    )
    return late.defer("payload").order_by("-created")


def cases_of_events(events: list[StripeEvent]) -> list[Case]:
    orders = orders_of_events([str(event.pk) for event in events])
    return [
        Case(
            what=gettext("Stripe told us: %(type)s") % {"type": event.type},
            since=event.created,
            links=[orders.get(str(event.pk)) or Link.to(event, gettext("The message"))],
            buttons=[Link.to_do(event, "look_again", _("Look at it again"))],
        )
        for event in events
    ]


def unprinted_invoices() -> QuerySet[Invoice]:
    """Without a document; those whose job was given up are told as work."""
    given_up = Job.objects.filter(
        name="ecommerce.deliver_invoice", key=OuterRef("number"), status=Job.Status.DEAD
    )
    late = Invoice.objects.filter(~Exists(given_up), pdf=None, created__lt=timezone.now() - PRINTING_MAY_TAKE)
    return late.select_related("order").order_by("-created")


def cases_of_invoices(invoices: list[Invoice]) -> list[Case]:
    return [
        Case(
            what=f"{invoice.number}, {named(invoice.order)}",
            since=invoice.created,
            links=[link_to(invoice.order)],
            buttons=[Link.to_do(invoice, "deliver_again", _("Print and send it"))],
        )
        for invoice in invoices
    ]


def cases_of_shelves(variants: list[Any]) -> list[Case]:
    return [
        Case(
            what=str(variant),
            since=variant.last_moved or variant.modified,
            why=gettext("The shop offers %(shelf)s, the list of what came and went says %(ledger)s.")
            % {"shelf": variant.available, "ledger": variant.by_ledger},
            links=[Link.to(variant.product)],
            buttons=[Link.to_do(variant.product, "believe_shelf", _("The shop’s figure is right"))],
        )
        for variant in variants
    ]


attention.register(
    Check(
        kind="reviews",
        heading=_("Orders that need a look"),
        advice=_(
            "Money came, but something does not fit. Compare the order with the payment in Stripe’s "
            "dashboard, and write to the buyer. Once goods and money are right, asking Stripe again "
            "makes it a sale; otherwise refund it on the order’s page."
        ),
        permission="ecommerce.change_order",
        waiting=in_review,
        cases=cases_of_reviews,
    )
)
attention.register(
    Check(
        kind="disputes",
        heading=_("Payments that a bank asks back"),
        advice=_(
            "A buyer has complained to their bank. Answer in Stripe’s dashboard, with what shows that the "
            "order is right, or accept it there. Send nothing until it is decided. Once you have answered, "
            "this goes."
        ),
        permission="ecommerce.change_order",
        waiting=disputed_payments,
        cases=cases_of_disputes,
    )
)
attention.register(
    Check(
        kind="refunds",
        heading=_("Refunds that did not go through"),
        advice=_(
            "Stripe could not send this money back. Try again, or agree with the buyer on another way, "
            "such as a bank transfer."
        ),
        permission="ecommerce.add_refund",
        waiting=refunds_in_trouble,
        cases=cases_of_refunds,
    )
)
attention.register(
    Check(
        kind="payments",
        heading=_("Payments that take too long"),
        advice=_("The site asks Stripe by itself, again and again. You can ask now."),
        permission="ecommerce.change_order",
        waiting=undecided_payments,
        cases=cases_of_payments,
    )
)
attention.register(
    Check(
        kind="events",
        heading=_("Messages from Stripe that nobody has read"),
        advice=_(
            "The worker may stand still, or Stripe may be away. Nothing is lost: each is read once it can be."
        ),
        permission="ecommerce.change_stripeevent",
        waiting=unheard_events,
        cases=cases_of_events,
    )
)
attention.register(
    Check(
        kind="invoices",
        heading=_("Invoices that were not printed"),
        advice=_(
            "The order is paid and its invoice has a number, but no document yet. Its buyer waits for it."
        ),
        permission="ecommerce.change_order",
        waiting=unprinted_invoices,
        cases=cases_of_invoices,
    )
)
attention.register(
    Check(
        kind="shelves",
        heading=_("Stock that does not add up"),
        advice=_(
            "Count what is there. If the shop’s figure is wrong, put it right at the product first; "
            "then let the list follow it."
        ),
        permission="ecommerce.change_product",
        waiting=differing,
        cases=cases_of_shelves,
    )
)
