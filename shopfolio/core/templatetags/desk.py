"""For the back office's templates."""

from typing import Any

from django import template
from django.contrib.admin import site
from django.utils.text import capfirst

from shopfolio.admin_menu import list_name
from shopfolio.lib import html

register = template.Library()
register.filter(list_name)


@register.filter
def with_columns(cells: list[Any], headers: list[Any]) -> list[Any]:
    """The cells of a list's row; each says which column it is of, for a phone, where rows are cards."""
    return [in_column(cell, header) for cell, header in zip(cells, headers, strict=True)]


def in_column(cell: str, header: dict[str, Any]) -> str:
    is_box = "checkbox" in header["class_attrib"]
    is_empty = cell.endswith(f">{site.empty_value_display}</td>")
    return cell if is_box else html.in_column(cell, "" if is_empty else str(capfirst(header["text"])))
