"""What of the demo may be taken away: what nobody has changed since, and nothing that stays refers to."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.core.files.storage import Storage, default_storage
from django.db import models

from shopfolio.core.demo.renditions import FOLDER
from shopfolio.core.models import DemoRow, Profile, ProjectPicture
from shopfolio.core.pictures import all_picture_fields, files_in, names_in
from shopfolio.pictures import private_storage

A_BATCH = 500
PARTS: dict[Any, tuple[str, ...]] = {ProjectPicture: ("project",)}
"""Models whose rows belong to another row and go or stay with it, and the columns of which the first that is
filled leads there."""
EPHEMERAL: set[Any] = set()
"""Models whose rows go along with what they refer to, whosoever they are."""


class Row(NamedTuple):
    model: Any
    pk: UUID


@dataclass
class Plan:
    """go: the keys of what goes. changed: rows that are the owner's now. held: row -> what refers to it."""

    go: dict[Any, set[UUID]] = field(default_factory=dict)
    changed: list[Row] = field(default_factory=list)
    held: dict[Row, Row] = field(default_factory=dict)

    def add(self, model: Any, keys: Iterable[UUID]) -> None:
        self.go.setdefault(model, set()).update(keys)

    def goes(self, row: Row) -> bool:
        return row.pk in self.go.get(row.model, ())

    def hold(self, row: Row, *, by: Row) -> bool:
        """Let a row stay after all; whether it was to go."""
        if not self.goes(row):
            return False
        self.go[row.model].remove(row.pk)
        self.held[row] = by
        return True

    def because_of(self, row: Row) -> Row:
        """The first cause why a row stays: something that was never to go."""
        cause = self.held[row]
        while cause in self.held:
            cause = self.held[cause]
        return whole_of(cause)

    @property
    def size(self) -> int:
        return sum(map(len, self.go.values()))


def owners_of(model: Any, keys: Collection[UUID]) -> Iterator[tuple[Row, Row]]:
    """Each part with what it belongs to."""
    columns = [model._meta.get_field(name) for name in PARTS[model]]
    rows = model._base_manager.filter(pk__in=keys)
    for pk, *owners in rows.values_list("pk", *(column.attname for column in columns)):
        for column, owner in zip(columns, owners, strict=True):
            if owner:
                yield Row(model, pk), Row(column.related_model, owner)
                break


def whole_of(row: Row) -> Row:
    """What a part belongs to, and that to, until nothing is a part."""
    while row.model in PARTS:
        found = list(owners_of(row.model, [row.pk]))
        if not found:
            break
        row = found[0][1]
    return row


def marked(*, as_records: Collection[Any] = ()) -> Plan:
    """The rows with a mark, those that were changed apart.

    as_records: models whose rows go even when something happened to them since. The profile, which is taken
    back column by column, is left out.
    """
    plan = Plan()
    for label in DemoRow.objects.order_by().values_list("model", flat=True).distinct():
        model = apps.get_model(label)
        if model is Profile:
            continue
        made = dict(DemoRow.objects.filter(model=label).values_list("row", "row_modified"))
        for keys in in_batches(made):
            for pk, modified in model._base_manager.filter(pk__in=keys).values_list("pk", "modified"):
                if made[pk] == modified or model in as_records:
                    plan.add(model, [pk])
                else:
                    plan.changed.append(Row(model, pk))
    return plan


def settle(plan: Plan, *, also: Callable[[Plan], bool]) -> None:
    """Take out of the plan what something that stays refers to, until nothing more is.

    also: a rule of an upper app; whether it held anything.
    """
    while any([hold_parts(plan), *(hold_referred(plan, model) for model in list(plan.go)), also(plan)]):
        pass


def hold_parts(plan: Plan) -> bool:
    """Parts stay where the whole stays."""
    held = False
    for model in [model for model in PARTS if plan.go.get(model)]:
        for keys in in_batches(plan.go[model]):
            for part, whole in owners_of(model, keys):
                if not plan.goes(whole):
                    held |= plan.hold(part, by=whole)
    return held


def hold_referred(plan: Plan, model: Any) -> bool:
    held = False
    for referring, own_column, its_key in relations_to(model):
        for keys in in_batches(plan.go[model]):
            found = referring._base_manager.filter(**{f"{own_column}__in": keys})
            for pk, target in found.values_list(its_key, own_column).order_by():
                source = Row(source_model(referring, its_key), pk)
                if not plan.goes(source):
                    held |= plan.hold(Row(model, target), by=source)
    return held


def relations_to(model: Any) -> Iterator[tuple[Any, str, str]]:
    """Where rows of a model are referred to: a table, the column, and that with the referring row's key."""
    for relation in model._meta.related_objects:
        if relation.many_to_many:
            ours, its = relation.field.m2m_reverse_field_name(), relation.field.m2m_field_name()
            yield relation.through, f"{ours}_id", f"{its}_id"
        elif relation.on_delete is not models.DO_NOTHING and relation.related_model not in EPHEMERAL:
            yield relation.related_model, relation.field.attname, "pk"


def source_model(referring: Any, its_key: str) -> Any:
    return referring if its_key == "pk" else referring._meta.get_field(its_key).related_model


def in_batches(keys: Iterable[UUID]) -> Iterator[list[UUID]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), A_BATCH):
        yield ordered[start : start + A_BATCH]


Stored = tuple[Storage, str]


def files_of(model: Any, keys: Iterable[UUID]) -> set[Stored]:
    """What rows of a model have in a storage."""
    found: set[Stored] = set()
    for column in file_columns(model):
        for batch in in_batches(keys):
            names = model._base_manager.filter(pk__in=batch).values_list(column.name, flat=True)
            found |= {(column.storage, name) for name in names if name}
    return found


def file_columns(model: Any) -> list[models.FileField]:
    return [column for column in model._meta.concrete_fields if isinstance(column, models.FileField)]


def unused(files: set[Stored]) -> set[Stored]:
    """Those that no row names any more. Shipped pictures are shared by many."""
    names = {name for _storage, name in files}
    for model in apps.get_models():
        for column in file_columns(model):
            used = model._base_manager.filter(**{f"{column.name}__in": names})
            names -= set(used.values_list(column.name, flat=True))
    return {(storage, name) for storage, name in files if name in names}


def remove_shipped_pictures() -> None:
    """The demo's pictures and what was made of them, but for those that a row still shows."""
    needed = {name for model, column in all_picture_fields() for name in names_in(model, column)}
    stems = {name.rpartition(".")[0] for name in needed}
    for storage in (private_storage(), default_storage):
        for name in list(files_in(storage, FOLDER)):
            if name not in needed and name.rpartition("-")[0] not in stems:
                storage.delete(name)


def take_back_profile() -> tuple[set[Stored], list[str]]:
    """Empty each column of the profile that still says what the demo wrote; what the owner wrote stays.

    Its pictures that are gone, and the names of the columns that stay.
    """
    mark = DemoRow.objects.filter(model=Profile._meta.label_lower).first()
    profile = Profile.objects.filter(pk=Profile.ID).first()
    if mark is None or profile is None:
        return set(), []
    pictures, own = files_of(Profile, [profile.pk]), []
    columns = {column.name: column for column in Profile._meta.concrete_fields}
    for name, made in mark.columns.items():
        if getattr(profile, name) == made:
            setattr(profile, name, columns[name].get_default())
    for column in columns.values():
        value = getattr(profile, column.name)
        if (
            column.name not in {"created", "modified"}
            and column.editable
            and value
            and value != column.get_default()
        ):
            own.append(str(column.verbose_name))
    if own:
        profile.save()
    else:
        profile.delete()
    return pictures, sorted(own)
