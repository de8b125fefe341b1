from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from shopfolio.abstract_admin import ReadOnlyAdmin, ReadOnlyInline, row_link
from shopfolio.ecommerce.admin.fields import shown_money
from shopfolio.ecommerce.admin.invoice_table import table_of
from shopfolio.ecommerce.models import Invoice, InvoiceLine, InvoiceSeries
from shopfolio.ecommerce.services import aftercare
from shopfolio.users.reauthentication import ask_again


class InvoiceLineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = ["title", "sku", "quantity", "unit_price_shown", "net_shown", "tax_shown", "total_shown"]
    readonly_fields = ["unit_price_shown", "net_shown", "tax_shown", "total_shown"]

    @admin.display(description=_("unit price"))
    def unit_price_shown(self, line: InvoiceLine) -> str:
        return shown_money(line.unit_price, line.invoice.currency)

    @admin.display(description=_("net"))
    def net_shown(self, line: InvoiceLine) -> str:
        return shown_money(line.net, line.invoice.currency)

    @admin.display(description=_("tax"))
    def tax_shown(self, line: InvoiceLine) -> str:
        return shown_money(line.tax, line.invoice.currency)

    @admin.display(description=_("total"))
    def total_shown(self, line: InvoiceLine) -> str:
        return shown_money(line.total, line.invoice.currency)


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ["number", "kind", "issued_on", "order_link", "total_shown", "pdf_link"]
    list_filter = ["kind", "series"]
    list_select_related = ["order", "pdf"]
    search_fields = ["number", "order__number", "order__email", "order__name"]
    date_hierarchy = "issued_on"
    fields = [
        "number", "kind", "issued_on", "order_link", "corrects", "pdf_link", "net_shown", "tax_shown",
        "total_shown",
        "payment_method", "last4", "payment_intent", "paid_at", "seller_shown", "buyer_shown",
        "texts_shown", "language",
    ]  # fmt: skip
    readonly_fields = [
        "order_link", "pdf_link", "net_shown", "tax_shown", "total_shown", "seller_shown", "buyer_shown",
        "texts_shown",
    ]  # fmt: skip
    inlines = [InvoiceLineInline]
    change_list_template = "admin/ecommerce/invoices.html"
    actions = ["deliver_again"]
    row_actions = ["deliver_again"]

    def has_act_permission(self, request: HttpRequest) -> bool:
        """As on its order's page."""
        return request.user.has_perm("ecommerce.change_order")

    @admin.action(description=_("Print and send it"), permissions=["act"])
    def deliver_again(self, request: HttpRequest, invoices: QuerySet[Invoice]) -> None:
        for document in invoices:
            if document.kind == Invoice.Kind.INVOICE:
                aftercare.deliver_again(document.order_id, by=request.user)
            else:
                aftercare.print_again(document)
        self.message_user(request, gettext("On its way."))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.pdf)
        asks = ask_again("ecommerce.view_invoice")
        table = self.admin_site.admin_view(require_safe(asks(self.table)))
        return [
            path("table/", table, name="ecommerce_invoice_table"),
            path("<path:object_id>/document.pdf", view, name="ecommerce_invoice_pdf"),
            *super().get_urls(),
        ]

    def table(self, request: HttpRequest) -> HttpResponse:
        """What the list shows with the same address, all pages of it: many people's names at once."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            shown = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:ecommerce_invoice_changelist")
        documents = shown.select_related("corrects", "order").prefetch_related("lines")
        return table_of(documents.order_by("issued_on", "number"))

    def pdf(self, request: HttpRequest, object_id: str) -> FileResponse:
        invoice = self.get_object(request, object_id)
        if invoice is None or not self.has_view_permission(request, invoice) or not hasattr(invoice, "pdf"):
            raise Http404
        return FileResponse(
            invoice.pdf.file.open(), filename=f"{invoice.number}.pdf", content_type="application/pdf"
        )

    @admin.display(description=_("document"))
    def pdf_link(self, invoice: Invoice) -> str:
        return link_to_pdf(invoice)

    @admin.display(description=_("order"), ordering="order__number")
    def order_link(self, invoice: Invoice) -> str:
        return row_link(invoice.order)

    @admin.display(description=_("seller"))
    def seller_shown(self, invoice: Invoice) -> str:
        return in_lines(invoice.seller)

    @admin.display(description=_("buyer"))
    def buyer_shown(self, invoice: Invoice) -> str:
        return in_lines(invoice.buyer)

    @admin.display(description=_("texts"))
    def texts_shown(self, invoice: Invoice) -> str:
        return in_lines(invoice.texts)

    @admin.display(description=_("net"))
    def net_shown(self, invoice: Invoice) -> str:
        return shown_money(invoice.net, invoice.currency)

    @admin.display(description=_("tax"))
    def tax_shown(self, invoice: Invoice) -> str:
        return shown_money(invoice.tax, invoice.currency)

    @admin.display(description=_("total"), ordering="total")
    def total_shown(self, invoice: Invoice) -> str:
        return shown_money(invoice.total, invoice.currency)


def in_lines(written: dict[str, Any]) -> str:
    """What stands in a document's own words, without the names of the boxes."""
    return "\n".join(str(text) for text in written.values() if text)


def link_to_pdf(invoice: Invoice) -> str:
    if not hasattr(invoice, "pdf"):
        return str(_("Being printed"))
    return format_html('<a href="{}">PDF</a>', reverse("admin:ecommerce_invoice_pdf", args=[invoice.pk]))


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(ReadOnlyAdmin):
    list_display = ["code", "last_number"]
