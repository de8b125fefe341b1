"""Credit notes: what an invoice no longer asks for, numbered without gaps in a series of their own."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from shopfolio.core.models import Profile
from shopfolio.ecommerce.models import Invoice, InvoiceLine, Refund, ShopSettings
from shopfolio.ecommerce.services.invoicing import payment, seller, take_number, texts
from shopfolio.ecommerce.services.printing import TaxGroup, tax_groups
from shopfolio.lib.db import require_transaction
from shopfolio.lib.money import share

COPIED = ("product_id", "sku", "title", "quantity", "unit_code", "tax_rate", "tax_category")


def issue_credit_note(refund: Refund) -> Invoice | None:
    """The document for money that went back, with the next number; nothing where no invoice was made.

    Belongs to the caller's transaction, whose order is locked.
    """
    invoice = Invoice.objects.filter(order=refund.order, kind=Invoice.Kind.INVOICE).first()
    if invoice is None or refund.session.is_surplus:
        return None
    with translation.override(invoice.language):
        lines = credited_lines(invoice, refund.amount)
    note = write_document(Invoice.Kind.CREDIT_NOTE, corrects=invoice, lines=lines, refund=refund)
    Refund.objects.filter(pk=refund.pk).update(credit_note=note, modified=timezone.now())
    return note


def cancel_credit_note(note: Invoice, refund: Refund) -> Invoice:
    """The money did not go back after all: the note stays as it is, and another document takes it back."""
    lines = [negated(line) for line in note.lines.order_by("position")]
    return write_document(Invoice.Kind.CANCELLATION, corrects=note, lines=lines, refund=refund)


def write_document(kind: str, *, corrects: Invoice, lines: Sequence[InvoiceLine], refund: Refund) -> Invoice:
    require_transaction("a credit note")
    order, shop = corrects.order, ShopSettings.load()
    today = timezone.localdate()
    series, sequence = take_number(f"{shop.credit_note_prefix}-{today.year}")
    document: Invoice = Invoice.objects.create(
        kind=kind,
        series=series,
        sequence=sequence,
        number=f"{series.code}-{sequence:04d}",
        order=order,
        corrects=corrects,
        issued_on=today,
        language=corrects.language,
        currency=corrects.currency,
        seller=seller(Profile.load()),
        buyer=corrects.buyer,
        texts=texts(order, lines, shop),
        net=sum(line.net for line in lines),
        tax=sum(line.tax for line in lines),
        total=sum(line.total for line in lines),
        **(payment(refund.session) | {"paid_at": timezone.now()}),
    )
    for position, line in enumerate(lines, start=1):
        line.invoice, line.position = document, position
    InvoiceLine.objects.bulk_create(lines)
    return document


def credited_lines(invoice: Invoice, amount: int) -> list[InvoiceLine]:
    """Unsaved lines below zero that add up to the amount. In the buyer's language.

    The whole invoice at once: its own lines. Else a line for each tax rate, with its share of what is left of
    it, so that the last credit note leaves nothing over, not in any rate.
    """
    left = what_is_left(invoice)
    whole = sum(group.total for group in left)
    if not 0 < amount <= whole:
        raise ValueError(f"{amount} of {whole} cannot be credited to {invoice.number}")
    if amount == whole == invoice.total:
        return [negated(line) for line in invoice.lines.order_by("position")]
    title = _("Refund of the rest") if amount == whole else _("Partial refund")
    inclusive = invoice.order.prices_include_tax
    parts = shared_out(amount, left)
    return [part_line(title, part, inclusive=inclusive) for part in parts if part.total]


def what_is_left(invoice: Invoice) -> list[TaxGroup]:
    """What the invoice still asks for, by tax rate, after all that was credited."""
    documents = Invoice.objects.filter(order_id=invoice.order_id)
    return tax_groups(list(InvoiceLine.objects.filter(invoice__in=documents)))


def shared_out(amount: int, groups: Sequence[TaxGroup]) -> list[TaxGroup]:
    """The amount in proportion to the groups' totals, half to even; sums exact, no group overdrawn."""
    parts, whole = [], sum(group.total for group in groups)
    for group in groups:
        part = share(amount, group.total, whole) if whole else 0
        tax = share(group.tax, part, group.total) if group.total else 0
        parts.append(TaxGroup(group.rate, group.category, part - tax, tax))
        # What rounding took or gave is made good by the groups that follow; the last one takes the rest.
        amount, whole = amount - part, whole - group.total
    return parts


def part_line(title: str, part: TaxGroup, *, inclusive: bool) -> InvoiceLine:
    return InvoiceLine(
        title=title,
        quantity=1,
        unit_code="C62",
        unit_price=-(part.total if inclusive else part.net),
        tax_rate=part.rate,
        tax_category=part.category,
        net=-part.net,
        tax=-part.tax,
        total=-part.total,
    )


def negated(line: InvoiceLine) -> InvoiceLine:
    copied: dict[str, Any] = {name: getattr(line, name) for name in COPIED}
    amounts = {name: -getattr(line, name) for name in ("unit_price", "net", "tax", "total")}
    return InvoiceLine(**copied, **amounts)
