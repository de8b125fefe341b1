"""Which rows the demo made. The loader marks each, so that `shopfolio demo --remove` takes no other."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.fields.files import FieldFile

from shopfolio.abstract_models import BaseModel
from shopfolio.core.models import DemoRow, Profile
from shopfolio.core.services import site


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
    return DemoRow.objects.loaded().exists()


def own(rows: Any) -> Any:
    """Of a queryset's rows those that somebody made or changed, not the demo's as it was loaded."""
    as_made = DemoRow.objects.filter(row=OuterRef("pk"), row_modified=OuterRef("modified"))
    return rows.exclude(Exists(as_made))


def own_columns() -> set[str]:
    """The columns of the profile that somebody has filled in."""
    profile, label = site().profile, Profile._meta.label_lower
    mark = DemoRow.objects.filter(model=label).first() if site().is_demo else None
    made = mark.columns if mark else {}
    values = {column.name: getattr(profile, column.name) for column in Profile._meta.concrete_fields}
    return {name for name, value in values.items() if value and value != made.get(name)}
