"""Invoices as a table for the accountant."""

import csv
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shopfolio.ecommerce.models import Invoice
from shopfolio.ecommerce.models.settings import TaxCategory
from shopfolio.ecommerce.services.printing import TaxGroup, tax_groups
from shopfolio.lib.money import to_decimal

FORMULA = tuple("=+-@\t\r")
"""What a cell begins with that a spreadsheet would reckon out."""


def in_cell(text: Any) -> str:
    """What somebody typed, as words and never as a formula."""
    shown = str(text or "")
    return f"'{shown}" if shown.startswith(FORMULA) else shown


def table_of(documents: Iterable[Invoice]) -> HttpResponse:
    """A line for each tax rate of a document; what a credit note gives back is below zero, so columns add up.

    Comma-separated, in UTF-8 with the mark by which a spreadsheet knows it.
    """
    answer = HttpResponse(
        "\ufeff",
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{_("invoices")}.csv"'},
    )
    sheet = csv.writer(answer)
    headings = [
        _("number"), _("kind"), _("date"), _("corrects"), _("order"), _("buyer"), _("country"),
        _("tax category"), _("tax rate (%)"), _("net"), _("tax"), _("total"), _("currency"), _("paid with"),
    ]  # fmt: skip
    sheet.writerow(capfirst(heading) for heading in headings)
    for document in documents:
        sheet.writerows(line_of(document, group) for group in tax_groups(document.lines.all()))
    return answer


def line_of(document: Invoice, group: TaxGroup) -> list[Any]:
    buyer = document.buyer
    return [
        in_cell(document.number),
        document.get_kind_display(),
        document.issued_on.isoformat(),
        in_cell(document.corrects or ""),
        document.order.number,
        in_cell(buyer.get("company") or buyer.get("name")),
        in_cell(buyer.get("country")),
        TaxCategory(group.category).label,
        f"{(Decimal(group.rate) / 100).normalize():f}",  # 10, not 1E+1
        *(to_decimal(amount, document.currency) for amount in (group.net, group.tax, group.total)),
        document.currency,
        in_cell(document.payment_method),
    ]
