"""What stands on an invoice, in the buyer's language, and its PDF."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from shopfolio.ecommerce.models import Invoice, InvoiceLine, OrderLine
from shopfolio.ecommerce.models.settings import TaxCategory
from shopfolio.lib.locales import country_name, format_day, format_percent
from shopfolio.lib.money import format_money
from shopfolio.lib.pdf import typeset

TEMPLATE = Path(__file__).parents[1] / "invoice" / "invoice.typ"


@dataclass(frozen=True)
class TaxGroup:
    """What an invoice says about one tax rate; amounts in minor units, rate in basis points."""

    rate: int
    category: str
    net: int
    tax: int

    @property
    def total(self) -> int:
        return self.net + self.tax


def tax_groups(lines: Iterable[InvoiceLine | OrderLine]) -> list[TaxGroup]:
    """The breakdown that EN 16931 asks for: one group per rate and category, the highest rate first."""
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        group = sums[line.tax_rate, line.tax_category]
        group[0] += line.net
        group[1] += line.tax
    ordered = sorted(sums.items(), key=lambda item: (-item[0][0], item[0][1]))
    return [TaxGroup(rate, category, net, tax) for (rate, category), (net, tax) in ordered]


def print_invoice(invoice: Invoice) -> bytes:
    """The invoice as a PDF; the same bytes each time."""
    with translation.override(invoice.language):
        return typeset(TEMPLATE, invoice_data(invoice), dated=invoice.issued_on)


def invoice_data(invoice: Invoice) -> dict[str, Any]:
    """Everything that the page shows, as words: the template only places it."""
    lines = list(invoice.lines.order_by("position"))
    return {
        "language": invoice.language.partition("-")[0],
        "date": invoice.issued_on.isoformat(),
        "number": invoice.number,
        "title": str(invoice.get_kind_display()),
        "labels": labels(),
        "facts": facts(invoice),
        "seller": party(invoice.seller, invoice),
        "buyer": party(invoice.buyer, invoice),
        "lines": [printed_line(line, invoice) for line in lines],
        "taxes": [printed_group(group, invoice) for group in tax_groups(lines)],
        "net": money(invoice.net, invoice),
        "tax": money(invoice.tax, invoice),
        "total": money(invoice.total, invoice),
        "paid": paid_sentence(invoice),
        "prices": invoice.texts.get("prices", ""),
        "note": invoice.texts.get("tax_note", ""),
        "footer": invoice.texts.get("footer", ""),
    }


def labels() -> dict[str, str]:
    return {
        "from": _("From"),
        "to": _("For"),
        "quantity": _("Quantity"),
        "unit_price": _("Unit price"),
        "description": _("Description"),
        "tax": _("Tax"),
        "tax_rate": _("Tax rate"),
        "net": _("Net"),
        "total": _("Total"),
        "payment": _("Payment"),
        "note": _("Note"),
        "page": _("Page {page} of {pages}"),
    }


def facts(invoice: Invoice) -> list[list[str]]:
    found = [
        [_("Number"), invoice.number],
        [_("Date"), format_day(invoice.issued_on, invoice.language)],
        [_("Order"), invoice.order.number],
    ]
    if original := invoice.corrects:
        day = format_day(original.issued_on, invoice.language)
        found.append([_("Corrects"), f"{original.get_kind_display()} {original.number}\n{day}"])
    return found


def party(who: dict[str, str], invoice: Invoice) -> dict[str, Any]:
    """A name and the lines below it; a company comes first, and the person in it second."""
    names = [name for name in (who.get("company"), who.get("name")) if name]
    town = " ".join(part for part in (who.get("postcode"), who.get("city")) if part)
    country = country_name(who["country"], invoice.language) if who.get("country") else ""
    below = [*names[1:], who.get("address_line1"), who.get("address_line2"), town, country]
    tax_id = _("Tax number: %(number)s") % {"number": who["tax_id"]} if who.get("tax_id") else ""
    return {
        "name": names[0] if names else "",
        "lines": [line for line in below if line],
        "other": [line for line in (tax_id, who.get("email")) if line],
    }


def printed_line(line: InvoiceLine, invoice: Invoice) -> dict[str, str]:
    return {
        "quantity": quantity(line),
        "unit_price": money(line.unit_price, invoice),
        "title": line.title,
        "sku": line.sku,
        "tax": tax_name(line.tax_rate, line.tax_category, invoice.language),
        "total": money(line.total, invoice),
    }


def printed_group(group: TaxGroup, invoice: Invoice) -> dict[str, str]:
    return {
        "name": tax_name(group.rate, group.category, invoice.language),
        "net": money(group.net, invoice),
        "tax": money(group.tax, invoice),
        "total": money(group.total, invoice),
    }


def quantity(line: InvoiceLine) -> str:
    """Pieces are counted, what else there is has its unit."""
    units = {"HUR": _("h"), "DAY": _("d"), "MON": _("months"), "KGM": "kg", "MTR": "m"}
    return f"{line.quantity} {units[line.unit_code]}" if line.unit_code in units else str(line.quantity)


def tax_name(rate: int, category: str, language: str) -> str:
    """The rate; where there is none, why."""
    if rate or category == TaxCategory.STANDARD:
        return format_percent(rate, language)
    return str(TaxCategory(category).label)


def paid_sentence(invoice: Invoice) -> str:
    if invoice.paid_at is None:
        return ""
    day = format_day(localdate(invoice.paid_at), invoice.language)
    if invoice.kind == Invoice.Kind.CANCELLATION:
        return _("The refund came back on %(day)s.") % {"day": day}
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return refunded_sentence(invoice, day)
    if invoice.last4:
        return _("Paid on %(day)s by card ending %(last4)s.") % {"day": day, "last4": invoice.last4}
    return _("Paid on %(day)s.") % {"day": day}


def refunded_sentence(invoice: Invoice, day: str) -> str:
    if invoice.last4:
        return _("Refunded on %(day)s to the card ending %(last4)s.") % {"day": day, "last4": invoice.last4}
    return _("Refunded on %(day)s.") % {"day": day}


def money(amount: int, invoice: Invoice) -> str:
    return format_money(amount, invoice.currency, invoice.language)
