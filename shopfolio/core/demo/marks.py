"""Which rows the demo made. The loader marks each, so that `shopfolio demo --remove` takes no other."""

from collections.abc import Iterable
from typing import Any

from django.db.models.fields.files import FieldFile

from shopfolio.abstract_models import BaseModel
from shopfolio.core.models import DemoRow


def mark(rows: Iterable[BaseModel], *, columns: Iterable[str] = ()) -> None:
    """columns: those whose values are kept as well, where the row will be taken back column by column."""
    marks = [
        DemoRow(
            model=row._meta.label_lower,
            row=row.pk,
            row_modified=row.modified,
            columns={column: plain(getattr(row, column)) for column in columns},
        )
        for row in rows
    ]
    DemoRow.objects.bulk_create(
        marks,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["model", "row"],
        update_fields=["row_modified", "columns", "is_held"],
    )


def plain(value: Any) -> Any:
    return value.name if isinstance(value, FieldFile) else value


def make(model: Any, *, defaults: dict[str, Any] | None = None, **key: Any) -> tuple[Any, bool]:
    """Like get_or_create(); a new row is marked as the demo's."""
    row, is_new = model._default_manager.get_or_create(**key, defaults=defaults or {})
    if is_new:
        mark([row])
    return row, is_new


def is_loaded() -> bool:
    """Whether the site still has demo content that can be taken away."""
    return DemoRow.objects.filter(is_held=False).exists()


def untouched(model: Any) -> set[Any]:
    """The keys of a model's rows that are still as the demo made them."""
    made = dict(DemoRow.objects.filter(model=model._meta.label_lower).values_list("row", "row_modified"))
    rows = model._default_manager.filter(pk__in=made).values_list("pk", "modified")
    return {pk for pk, modified in rows if made[pk] == modified}
