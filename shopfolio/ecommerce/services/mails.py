"""Mails about orders: who gets which, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from uuid_utils.compat import uuid7

from shopfolio.core.models import Policy
from shopfolio.core.services import owners_address, site
from shopfolio.ecommerce.models import Entitlement, Invoice, Order, OrderEvent, OrderLine, Refund, Variant
from shopfolio.ecommerce.order_words import sent_how
from shopfolio.ecommerce.services.entitlements import downloads_of
from shopfolio.ecommerce.services.invoicing import pdf_of
from shopfolio.ecommerce.services.printing import tax_groups, tax_name
from shopfolio.lib import html
from shopfolio.lib.http import absolute, absolute_url
from shopfolio.lib.locales import country_name, format_day
from shopfolio.lib.mailboxes import folded
from shopfolio.lib.money import format_money
from shopfolio.tasks.emails import Attachment, queue_mail
from shopfolio.tasks.models import Email
from shopfolio.users.limits import may_be_mailed


@dataclass(frozen=True)
class Row:
    what: str
    sum: str
    note: str = ""


@dataclass(frozen=True)
class Bill:
    """An order's lines, its total and the tax in it, as words."""

    rows: list[Row]
    total: str
    taxes: list[Row]


def deliver(invoice: Invoice, *, again: int = 0) -> None:
    """Print the invoice if need be, and mail it to the buyer. Safe to call again.

    again: which repeat it is that the owner asked for.
    """
    mail_order_paid(invoice.order, invoice=invoice, attachments=[printed(invoice)], again=again)


def deliver_refund(refund: Refund) -> None:
    """Print the credit note if there is one, and tell the buyer that money comes back. Safe to call again."""
    mail_order_refunded(refund, attachments=[printed(refund.credit_note)] if refund.credit_note else [])


def printed(document: Invoice) -> Attachment:
    path = str(pdf_of(document).file.name)
    return {"name": f"{document.number}.pdf", "type": "application/pdf", "path": path}


@transaction.atomic
def mail_order_paid(
    order: Order,
    *,
    invoice: Invoice | None = None,
    attachments: list[Attachment] | None = None,
    again: int = 0,
) -> None:
    """Thank the buyer, once per order and repeat.

    What costs nothing anybody can order in anybody's name, so that such mails count as a stranger's.
    """
    if not order.total and not may_be_mailed(order.email):
        return
    terms = terms_of_sale(order, again=again)
    with translation.override(order.language):
        context = order_paid_context(order, invoice) | {"terms": bool(terms)}
    attachments = [*(attachments or []), *terms]
    write_to_buyer("order_paid", order, context, attachments, occasion=f"again-{again}-" if again else "")


TERMS = ("terms", "withdrawal")
"""Addresses of the policies that a sale is made under."""


def terms_of_sale(order: Order, *, again: int) -> list[Attachment]:
    """As they are when the first mail is written, for the buyer to keep (2011/83/EU, article 8.7).

    again: which repeat it is; it brings what the first mail brought, as long as we have that.
    """
    first = Email.objects.filter(key=f"order-paid-{order.pk}").first()
    if first:
        return [attachment for attachment in first.attachments if "text" in attachment]
    if again:
        return []
    policies = Policy.objects.live().filter(slug__in=TERMS)
    return [
        {
            "name": f"{policy.slug}.txt",
            "type": "text/plain",
            "text": f"{policy.title}\n\n{html.as_text(policy.body, site=settings.SITE_URL)}",
        }
        for policy in policies
    ]


def order_paid_context(order: Order, invoice: Invoice | None) -> dict[str, Any]:
    lines = list(order.lines.order_by("position"))
    downloads = downloads_of(order)
    return {
        "site": site(),
        "order": order,
        "invoice": invoice,
        "day": format_day(localdate(order.paid_at or order.created), order.language),
        "order_url": absolute(order.get_absolute_url()),
        "bill": bill(order, lines, language=order.language),
        "downloads": [f"{file.product.title}, {file.title}" for file in downloads],
        "waived": bool(downloads and order.withdrawal_waived_at),
        "address": delivery_address(order, language=order.language),
    }


@transaction.atomic
def mail_order_sent(order: Order, *, again: int = 0) -> None:
    """Tell the buyer that the parcel has left, once per order and repeat."""
    lines = order.lines.filter(goods=Variant.Kind.PHYSICAL).order_by("position")
    with translation.override(order.language):
        how = sent_how(order)
    context = {
        "site": site(),
        "order": order,
        "day": format_day(localdate(order.sent_at or order.modified), order.language),
        "order_url": absolute(order.get_absolute_url()),
        "sent": [title(line) for line in lines],
        "how": how,
        "address": delivery_address(order, language=order.language),
    }
    write_to_buyer("order_sent", order, context, occasion=f"again-{again}-" if again else "")


@transaction.atomic
def mail_order_refunded(refund: Refund, *, attachments: list[Attachment]) -> None:
    """Tell the buyer what comes back, once per refund."""
    order = refund.order
    context = {
        "site": site(),
        "order": order,
        "order_url": absolute(order.get_absolute_url()),
        "amount": format_money(refund.amount, refund.currency, order.language),
        "credit_note": refund.credit_note,
        "is_surplus": refund.session.is_surplus,
        "card": refund.session.last4,
        "downloads_end": order.entitlements.filter(status=Entitlement.Status.REVOKED).exists(),
    }
    write_to_buyer("order_refunded", order, context, attachments, occasion=f"{refund.pk}-")


MOST_LINKS = 50
"""Orders in one mail; whoever has more has an account, or asks."""


@dataclass(frozen=True)
class LinkToOrder:
    what: str
    note: str
    url: str

    @classmethod
    def to(cls, order: Order, *, language: str) -> "LinkToOrder":
        day = format_day(localdate(order.paid_at or order.created), language)
        what = _("Order %(number)s, %(day)s") % {"number": order.number, "day": day}
        total = format_money(order.total, order.currency, language)
        note = f"{total}, {order.get_status_display()}"
        return cls(what, note, absolute(order.get_absolute_url()))


@transaction.atomic
def mail_order_links(email: str) -> None:
    """Send the links to all orders of an address to that address, if it has any and got none lately.

    Anybody may ask for that with anybody's address, and learns nothing.
    """
    mailboxes: dict[str, list[Order]] = {}
    for order in Order.objects.of_buyer(email)[:MOST_LINKS]:
        mailboxes.setdefault(folded(order.email), []).append(order)
    for orders in mailboxes.values():
        if may_be_mailed(orders[0].email):
            write_links(orders, key=f"order-links-{uuid7()}")


def mail_new_link(order: Order) -> None:
    """In place of the one that was revoked."""
    write_links([order], key=f"order-link-{order.link_version}-{order.pk}", is_renewed=True)


def mail_link_again(order: Order, *, again: int) -> None:
    """For a buyer who has asked the owner for it."""
    write_links([order], key=f"order-link-again-{again}-{order.pk}")


def write_links(orders: list[Order], *, key: str, is_renewed: bool = False) -> None:
    """All of one buyer's, in the language of the latest."""
    latest = orders[0]
    with translation.override(latest.language):
        links = [LinkToOrder.to(order, language=latest.language) for order in orders]
    queue_mail(
        "order_links",
        key=key,
        to=latest.email,
        from_name=site().profile.name,
        reply_to=owners_address(),
        context={"site": site(), "links": links, "is_renewed": is_renewed},
        language=latest.language,
    )


def write_to_buyer(
    template: str,
    order: Order,
    context: dict[str, Any],
    attachments: list[Attachment] | None = None,
    *,
    occasion: str = "",
) -> None:
    """One mail of each kind and occasion for an order, in its language; the answer goes to the owner.

    Whoever had their data erased has no address any more, and gets none.
    """
    if not order.email:
        return
    queue_mail(
        template,
        key=f"{template.replace('_', '-')}-{occasion}{order.pk}",
        to=order.email,
        from_name=site().profile.name,
        reply_to=owners_address(),
        context=context | {"find_url": absolute_url("ecommerce:find")},
        language=order.language,
        attachments=attachments,
    )


@transaction.atomic
def mail_owner(event: OrderEvent) -> None:
    """Tell the owner what has happened to an order and wants a person's eye, once per event."""
    owner, language = owners_address(), site().profile.language
    if not owner:
        return
    order = event.order
    context = {
        "site": site(),
        "order": order,
        "why": event.why,
        "order_url": absolute(reverse("admin:ecommerce_order_change", args=[order.pk])),
    }
    queue_mail(
        "owner_notice",
        key=f"owner-notice-{event.pk}-{order.pk}",
        to=owner,
        from_name=site().profile.name,
        reply_to=order.email,
        context=context,
        language=language,
    )


@transaction.atomic
def mail_order_received(order_id: UUID | str) -> None:
    """Tell the owner of a paid order, once."""
    order = Order.objects.get(pk=order_id)
    owner, language = owners_address(), site().profile.language
    if not owner:
        return
    with translation.override(language):
        context = order_received_context(order, language=language)
    queue_mail(
        "order_received",
        key=f"order-received-{order.pk}",
        to=owner,
        from_name=site().profile.name,
        reply_to=order.email,
        context=context,
        language=language,
    )


def order_received_context(order: Order, *, language: str) -> dict[str, Any]:
    lines = list(order.lines.select_related("variant").order_by("position"))
    return {
        "site": site(),
        "order": order,
        "order_url": absolute(reverse("admin:ecommerce_order_change", args=[order.pk])),
        "bill": bill(order, lines, language=language, notes={line.pk: stock_left(line) for line in lines}),
        "address": delivery_address(order, language=language),
    }


def bill(
    order: Order, lines: Sequence[OrderLine], *, language: str, notes: dict[UUID, str] | None = None
) -> Bill:
    """notes: what else is to say about a line, by its key."""

    def money(amount: int) -> str:
        return format_money(amount, order.currency, language)

    return Bill(
        rows=[Row(title(line), money(line.total), (notes or {}).get(line.pk, "")) for line in lines],
        total=money(order.total),
        taxes=[
            Row(
                _("Of which tax, %(rate)s") % {"rate": tax_name(group.rate, group.category, language)},
                money(group.tax),
            )
            for group in tax_groups(lines)
            if group.tax
        ],
    )


def title(line: OrderLine) -> str:
    return f"{line.quantity} × {line.full_title}" if line.quantity > 1 else line.full_title


def stock_left(line: OrderLine) -> str:
    """What is left to sell of it, for the owner."""
    left = line.variant.available if line.variant else None
    return "" if left is None else ngettext("%(left)s left", "%(left)s left", left) % {"left": left}


def delivery_address(order: Order, *, language: str) -> list[str]:
    """The lines on the parcel; none where nothing is sent."""
    if order.fulfilment == Order.Fulfilment.NOTHING_TO_SEND:
        return []
    town = f"{order.postcode} {order.city}".strip()
    country = country_name(order.country, language)
    lines = [order.name, order.company, order.address_line1, order.address_line2, town, country]
    return [line for line in lines if line]
