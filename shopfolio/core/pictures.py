"""What becomes of pictures: renditions, made once in a job, and an end for what no row has any more."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.db import models
from django.utils import timezone

from shopfolio.core import page_cache
from shopfolio.core.models.pictures import promise_renditions
from shopfolio.lib.renditions import Damaged, decoded, name_of, renditions, tone_of, widths_of
from shopfolio.pictures import PictureField, picture_fields, private_storage
from shopfolio.tasks.outbox import PermanentFailure

FOLDER = "pictures"
LEFT_ALONE = timedelta(days=1)
"""A file may be older than the row that names it: its form is saved only now."""


def make_pictures(*, model: str, field: str, path: str) -> None:
    """Make what pages show of a file, and tell the rows that have it. Safe to run twice, and at once.

    Raises PermanentFailure when the file is damaged or gone; its rows know then, and so does the back office.
    """
    rows = apps.get_model(model)._base_manager.filter(**{field: path})
    if not rows.exists():
        return  # replaced meanwhile
    bring_home(path)
    try:
        with private_storage().open(path) as file:
            content = file.read()
        made = {"of": path} | write_renditions(path, content)
    except (Damaged, FileNotFoundError) as error:
        rows.update(**{f"{field}_made": {"of": path, "damaged": True}})
        raise PermanentFailure(f"{path}: {error}") from error
    rows.update(**{f"{field}_made": made})
    page_cache.bump()


def write_renditions(path: str, content: bytes) -> dict[str, Any]:
    """What a row keeps of them. Raises Damaged."""
    picture = decoded(content)
    for rendition in renditions(content, picture):
        default_storage.save(name_of(path, rendition.suffix), ContentFile(rendition.content))
    return {"size": list(picture.size), "widths": widths_of(picture.width), "tone": tone_of(picture)}


def bring_home(path: str) -> None:
    """Sites that are older than the renditions kept the files themselves in public."""
    if default_storage.exists(path):
        if not private_storage().exists(path):
            with default_storage.open(path) as file:
                private_storage().save(path, file)
        default_storage.delete(path)


def tend_pictures() -> None:
    """Every night, and once after an upgrade: what is missing is made, and what nobody needs goes."""
    for model, field in all_picture_fields():
        if field in picture_fields(model):
            promise_missing(model, field)
        else:
            for name in names_in(model, field):
                bring_home(name)
    remove_strays()


def all_picture_fields() -> Iterator[tuple[type[models.Model], PictureField]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, PictureField):
                yield model, field


def names_in(model: type[models.Model], field: PictureField) -> set[str]:
    rows = model._base_manager.exclude(**{field.name: ""})
    return set(rows.values_list(field.name, flat=True).distinct())


def promise_missing(model: type[models.Model], field: PictureField) -> None:
    """A job for each file of which nothing is known yet."""
    rows = model._base_manager.exclude(**{field.name: ""}).values_list(field.name, f"{field.name}_made")
    for name in {name for name, made in rows.iterator() if made.get("of") != name}:
        promise_renditions(model, field.name, name)


def remove_strays() -> None:
    """Files of pictures that were replaced, of rows that are gone, and of forms that were never saved."""
    needed = {name for model, field in all_picture_fields() for name in names_in(model, field)}
    stems = {name.rpartition(".")[0] for name in needed}
    for name in files_in(private_storage()):
        if name not in needed:
            remove_if_old(private_storage(), name)
    for name in files_in(default_storage):
        if name not in needed and name.rpartition("-")[0] not in stems:
            remove_if_old(default_storage, name)


def files_in(storage: Storage, folder: str = FOLDER) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{file}" for file in files)
    for each in folders:
        yield from files_in(storage, f"{folder}/{each}")


def remove_if_old(storage: Storage, name: str) -> None:
    if storage.get_modified_time(name) < timezone.now() - LEFT_ALONE:
        storage.delete(name)
