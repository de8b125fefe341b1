from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import ReadOnlyAdmin, ReadOnlyInline, row_link
from shopfolio.core.services import site
from shopfolio.ecommerce.admin.fields import shown_money
from shopfolio.ecommerce.admin.invoices import link_to_pdf
from shopfolio.ecommerce.admin.refunding import RefundPage
from shopfolio.ecommerce.exceptions import SessionUnknown, ShopError
from shopfolio.ecommerce.models import (
    Entitlement,
    Invoice,
    Order,
    OrderLine,
    Refund,
    StripeSession,
)
from shopfolio.ecommerce.services import aftercare
from shopfolio.ecommerce.services.fulfilment import mark_sent
from shopfolio.ecommerce.timeline import timeline_of


class OrderLineInline(ReadOnlyInline):
    model = OrderLine
    fields = ["full_title", "sku", "quantity", "unit_price_shown", "tax_shown", "total_shown"]
    readonly_fields = ["full_title", "unit_price_shown", "tax_shown", "total_shown"]

    @admin.display(description=_("title"))
    def full_title(self, line: OrderLine) -> str:
        return line.full_title

    @admin.display(description=_("unit price"))
    def unit_price_shown(self, line: OrderLine) -> str:
        return shown_money(line.unit_price, line.order.currency)

    @admin.display(description=_("tax"))
    def tax_shown(self, line: OrderLine) -> str:
        return shown_money(line.tax, line.order.currency)

    @admin.display(description=_("total"))
    def total_shown(self, line: OrderLine) -> str:
        return shown_money(line.total, line.order.currency)


class StripeSessionInline(ReadOnlyInline):
    model = StripeSession
    verbose_name_plural = _("payments")
    fields = ["number", "status", "amount_shown", "payment_method", "last4", "paid_at", "session_id"]
    readonly_fields = ["amount_shown"]

    @admin.display(description=_("amount"))
    def amount_shown(self, session: StripeSession) -> str:
        return shown_money(session.amount, session.currency)


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = ["created", "status", "amount_shown", "reason", "by", "note_link", "last_error"]
    readonly_fields = ["created", "amount_shown", "note_link"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        return super().get_queryset(request).select_related("by", "credit_note")

    @admin.display(description=_("credit note"))
    def note_link(self, refund: Refund) -> str:
        return row_link(refund.credit_note)

    @admin.display(description=_("amount"))
    def amount_shown(self, refund: Refund) -> str:
        return shown_money(refund.amount, refund.currency)


class InvoiceInline(ReadOnlyInline):
    model = Invoice
    fields = ["number_link", "kind", "issued_on", "total_shown", "pdf_link"]
    readonly_fields = ["number_link", "total_shown", "pdf_link"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        return super().get_queryset(request).select_related("pdf")

    @admin.display(description=_("number"))
    def number_link(self, invoice: Invoice) -> str:
        return row_link(invoice, invoice.number)

    @admin.display(description=_("total"))
    def total_shown(self, invoice: Invoice) -> str:
        return shown_money(invoice.total, invoice.currency)

    @admin.display(description=_("document"))
    def pdf_link(self, invoice: Invoice) -> str:
        return link_to_pdf(invoice)


class EntitlementInline(ReadOnlyInline):
    model = Entitlement
    verbose_name_plural = _("downloads")
    fields = ["product", "status", "created"]
    readonly_fields = ["created"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entitlement]:
        return super().get_queryset(request).select_related("product", "order")


@admin.register(Order)
class OrderAdmin(RefundPage, ReadOnlyAdmin):
    list_display = ["number", "name", "status", "fulfilment", "total_shown", "created"]
    list_filter = ["status", "fulfilment"]
    search_fields = ["number", "email", "name", "company"]
    date_hierarchy = "created"
    actions = ["mark_as_sent", "ask_stripe_again", "deliver_again", "renew_link"]
    row_actions = ["mark_as_sent", "ask_stripe_again", "deliver_again", "renew_link"]
    inlines = [
        OrderLineInline, StripeSessionInline, InvoiceInline, EntitlementInline,
        RefundInline,
    ]  # fmt: skip
    fieldsets = [
        (
            None,
            {"fields": [("number", "created"), ("status", "paid_at"), ("fulfilment", "sent_at"), "amounts"]},
        ),
        (
            _("Buyer"),
            {
                "fields": [
                    ("name", "company"), ("mail_link", "phone"), "address", ("tax_id", "language"), "user",
                ]
            },
        ),
        (_("What happened"), {"fields": ["timeline"]}),
        (_("Said yes to"), {"fields": [("terms_accepted_at", "withdrawal_waived_at")]}),
    ]  # fmt: skip
    readonly_fields = ["amounts", "mail_link", "address", "timeline"]

    def view_on_site(self, order: Order) -> str:
        return order.get_absolute_url()

    def row_actions_for(self, request: HttpRequest, row: Order) -> list[str]:
        is_decided = row.is_paid or row.status == Order.Status.REFUNDED
        offered = {
            "mark_as_sent": row.is_paid and row.fulfilment == Order.Fulfilment.OPEN,
            "ask_stripe_again": not is_decided and row.sessions.exists(),
            "deliver_again": row.invoices.exists(),
            "renew_link": True,
        }
        return [name for name, is_offered in offered.items() if is_offered]

    @admin.action(description=_("Mark as sent"), permissions=["act"])
    def mark_as_sent(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        sent = sum(mark_sent(order_id, by=request.user) for order_id in orders.values_list("pk", flat=True))
        self.message_user(
            request, ngettext("%(count)d order sent.", "%(count)d orders sent.", sent) % {"count": sent}
        )

    @admin.action(description=_("Ask Stripe again"), permissions=["act"])
    def ask_stripe_again(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        for order in orders:
            self.message_user(request, *ask_stripe(order, by=request.user))

    @admin.action(description=_("Send the invoice again"), permissions=["act"])
    def deliver_again(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        keys = orders.values_list("pk", flat=True)
        sent = sum(aftercare.deliver_again(key, by=request.user) for key in keys)
        said = ngettext("%(count)d invoice goes out.", "%(count)d invoices go out.", sent)
        self.message_user(request, said % {"count": sent})

    @admin.action(description=_("Revoke the link and send a new one"), permissions=["act"])
    def renew_link(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        for order_id in orders.values_list("pk", flat=True):
            aftercare.renew_link(order_id, by=request.user)
        self.message_user(request, gettext("The old link no longer works, and a new one goes out."))

    @admin.display(description=_("total"), ordering="total")
    def total_shown(self, order: Order) -> str:
        return shown_money(order.total, order.currency)

    @admin.display(description=_("total"))
    def amounts(self, order: Order) -> str:
        parts = [shown_money(order.total, order.currency)]
        if order.tax:
            parts.append(gettext("tax %(amount)s") % {"amount": shown_money(order.tax, order.currency)})
        if order.amount_paid:
            paid = shown_money(order.amount_paid, order.currency)
            parts.append(gettext("paid %(amount)s") % {"amount": paid})
        if order.amount_refunded:
            refunded = shown_money(order.amount_refunded, order.currency)
            parts.append(gettext("refunded %(amount)s") % {"amount": refunded})
        return ", ".join(parts)

    @admin.display(description=_("e-mail"))
    def mail_link(self, order: Order) -> str:
        return format_html('<a href="mailto:{0}">{0}</a>', order.email)

    @admin.display(description=_("address"))
    def address(self, order: Order) -> str:
        town = f"{order.postcode} {order.city}".strip()
        lines = [order.address_line1, order.address_line2, town, order.country]
        return ", ".join(line for line in lines if line)

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Order | None:
        order: Order | None = super().get_object(request, *args, **kwargs)
        if order:
            order.reader = request.user  # type: ignore[attr-defined]  # whose rights decide on the timeline's links
        return order

    @admin.display(description=_("in time order"))
    def timeline(self, order: Order) -> str:
        reader = order.reader  # type: ignore[attr-defined]
        moments = [
            moment if moment.link is None or moment.link.opens_for(reader) else replace(moment, link=None)
            for moment in timeline_of(order, language=site().profile.language)
        ]
        return render_to_string("admin/ecommerce/timeline.html", {"moments": moments})


def ask_stripe(order: Order, *, by: Any) -> tuple[str, int]:
    """What to say of it, and how gravely."""
    try:
        order = aftercare.ask_stripe(order, by=by)
    except SessionUnknown:
        said = gettext("%(order)s: Stripe does not know this payment. Was it made with another key?")
        return said % {"order": order}, messages.ERROR
    except ShopError:
        said = gettext("%(order)s: Stripe does not answer now. Please try again in a minute.")
        return said % {"order": order}, messages.ERROR
    said = gettext("%(order)s: Stripe was asked. The order is now: %(status)s.")
    return said % {"order": order, "status": order.get_status_display()}, messages.SUCCESS


@admin.register(Entitlement)
class EntitlementAdmin(ReadOnlyAdmin):
    list_display = ["created", "order_link", "product", "status"]
    list_filter = ["status"]
    list_select_related = ["order", "product"]
    search_fields = ["order__number", "order__email", "product__title"]
    fields = ["created", "order_link", "product", "status"]
    readonly_fields = ["order_link"]

    @admin.display(description=_("order"), ordering="order__number")
    def order_link(self, entitlement: Entitlement) -> str:
        return row_link(entitlement.order)
