"""Invoices: numbered without gaps, a full snapshot, printed once."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.core.files.base import ContentFile
from django.db.models import F
from django.utils import timezone, translation
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from shopfolio.core.models import Profile
from shopfolio.ecommerce.models import (
    Invoice,
    InvoiceLine,
    InvoicePDF,
    InvoiceSeries,
    Order,
    OrderLine,
    ShopSettings,
    StripeSession,
)
from shopfolio.ecommerce.services.printing import print_invoice
from shopfolio.lib.db import refuse_in_transaction, require_transaction
from shopfolio.pictures import private_storage
from shopfolio.tasks.outbox import enqueue

ADDRESS = ("address_line1", "address_line2", "postcode", "city", "country", "tax_id")


def issue_invoice(order: Order, *, attempt: StripeSession | None) -> Invoice:
    """The order's invoice with the next number, in the caller's transaction; called again, the same one.

    attempt: the payment whose means the invoice names.
    """
    require_transaction("an invoice")
    Order.objects.select_for_update().get(pk=order.pk)  # two at once: the second waits, and finds the first's
    found: Invoice | None = Invoice.objects.filter(order=order, kind=Invoice.Kind.INVOICE).first()
    if found:
        return found
    profile, shop = Profile.load(), ShopSettings.load()
    lines = list(order.lines.select_related("variant").order_by("position"))
    today = timezone.localdate()
    series, sequence = take_number(f"{shop.invoice_prefix}-{today.year}")
    invoice: Invoice = Invoice.objects.create(
        series=series,
        sequence=sequence,
        number=f"{series.code}-{sequence:04d}",
        order=order,
        issued_on=today,
        language=order.language,
        currency=order.currency,
        seller=seller(profile),
        buyer=buyer(order),
        texts=texts(order, lines, shop),
        net=order.total - order.tax,
        tax=order.tax,
        total=order.total,
        **payment(attempt),
    )
    write_lines(invoice, lines)
    enqueue("ecommerce.deliver_invoice", key=invoice.number, invoice_id=str(invoice.pk))
    return invoice


def take_number(code: str) -> tuple[InvoiceSeries, int]:
    """The next number of a series; nobody else gets one of it until the caller's transaction ends.

    A rollback gives the number back, so there are no gaps. Two who both find no series: get_or_create
    makes the second one wait at the unique code, in a savepoint, and then take the first one's row.
    """
    require_transaction("an invoice number")
    series, _created = InvoiceSeries.objects.get_or_create(code=code)
    # An UPDATE locks the row on PostgreSQL as SELECT FOR UPDATE does; on SQLite we are the only writer.
    InvoiceSeries.objects.filter(pk=series.pk).update(
        last_number=F("last_number") + 1, modified=timezone.now()
    )
    series.refresh_from_db()
    return series, series.last_number


def seller(profile: Profile) -> dict[str, str]:
    return {
        "name": profile.legal_name or profile.name,
        "email": profile.legal_email or profile.email,
        **{field: getattr(profile, field) for field in ADDRESS},
    }


def buyer(order: Order) -> dict[str, str]:
    named = {"name": order.name, "company": order.company, "email": order.email}
    return named | {field: getattr(order, field) for field in ADDRESS}


def texts(order: Order, lines: Sequence[OrderLine | InvoiceLine], shop: ShopSettings) -> dict[str, str]:
    """Sentences as they are now, in the buyer's language where they are ours."""
    found = {"footer": shop.invoice_footer}
    if any(line.tax == 0 for line in lines):
        found["tax_note"] = shop.tax_note
    if order.tax:
        with translation.override(order.language):
            included, without = _("Prices include tax."), _("Prices are without tax.")
        found["prices"] = included if order.prices_include_tax else without
    return {name: text for name, text in found.items() if text}


def payment(attempt: StripeSession | None) -> dict[str, Any]:
    if attempt is None:
        return {}
    return {
        "payment_method": attempt.payment_method,
        "last4": attempt.last4,
        "payment_intent": attempt.payment_intent,
        "paid_at": attempt.paid_at,
    }


def write_lines(invoice: Invoice, lines: list[OrderLine]) -> None:
    """Copies of the order's lines. Raises ValueError when they are not what the order was paid for."""
    if (sum(line.total for line in lines), sum(line.tax for line in lines)) != (invoice.total, invoice.tax):
        raise ValueError(f"the lines of {invoice.order.number} do not add up to its total")
    copied = ("sku", "quantity", "unit_code", "unit_price", "tax_rate", "tax_category", "net", "tax", "total")
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            position=position,
            product_id=line.variant.product_id if line.variant else None,
            title=line.full_title,
            **{field: getattr(line, field) for field in copied},
        )
        for position, line in enumerate(lines, start=1)
    )


def pdf_of(invoice: Invoice) -> InvoicePDF:
    """The invoice as it was printed first; printed now if it was not yet.

    Each try writes a file of its own and the row decides: a kill in between leaves a file nobody asks for.
    """
    refuse_in_transaction("files")
    found: InvoicePDF | None = InvoicePDF.objects.filter(invoice=invoice).first()
    if found:
        return found
    printed = print_invoice(invoice)
    storage = private_storage()
    path = storage.save(f"invoices/{get_valid_filename(invoice.number)}.pdf", ContentFile(printed))
    pdf: InvoicePDF
    pdf, created = InvoicePDF.objects.get_or_create(
        invoice=invoice, defaults={"file": path, "sha256": hashlib.sha256(printed).hexdigest()}
    )
    if not created:
        storage.delete(path)
    return pdf


def enqueue_paid_mails(order: Order, invoice: Invoice | None) -> None:
    """Promise the buyer's confirmation and the owner's notice, in the transaction that pays the order.

    With an invoice the confirmation goes out with its PDF: issue_invoice promised that already.
    """
    require_transaction("the mails of a paid order")
    if invoice is None:
        enqueue("ecommerce.mail_order_paid", key=str(order.pk), order_id=str(order.pk))
    enqueue("ecommerce.mail_order_received", key=str(order.pk), order_id=str(order.pk))
