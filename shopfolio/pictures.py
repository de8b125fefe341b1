"""A picture as a column: its file is private, and beside it stands what pages show of it.

Three companions belong to a field `image`: `image_made`, what the job in core made of which file, so that no
page asks for it, and `image_x` and `image_y`, the point that stays in sight where a picture is cropped.
"""

import uuid
from typing import Any
from urllib.parse import quote

from django.core.files.storage import Storage, default_storage, storages
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.fields.files import ImageFieldFile
from django.utils.translation import gettext_lazy as _

from shopfolio.lib.renditions import name_of

BLANK = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}">'
    '<rect width="100%" height="100%" fill="#808080" fill-opacity=".15"/></svg>'
)
"""Of a picture's shape, until there is more of it."""

STEPS = 4
"""Into how many parts each side is divided: a stylesheet that forbids inline styles names the places."""


def private_storage() -> Storage:
    return storages["private"]


def picture_path(row: models.Model, filename: str) -> str:
    """A name that tells nothing and is never used twice."""
    suffix = filename.rpartition(".")[2].lower()
    return f"pictures/{row._meta.model_name}/{uuid.uuid4().hex}.{suffix}"


class PictureFile(ImageFieldFile):
    """A stored picture, and how a page shows it."""

    @property
    def made(self) -> dict[str, Any]:
        """Of this very file; nothing until the job has run."""
        known = getattr(self.instance, f"{self.field.name}_made", None) or {}
        return known if known.get("of") == self.name else {}

    @property
    def is_shown(self) -> bool:
        """Whether pages show it at all: a portrait in an account is its owner's."""
        return hasattr(self.instance, f"{self.field.name}_made")

    @property
    def is_ready(self) -> bool:
        return "widths" in self.made

    @property
    def is_damaged(self) -> bool:
        return "damaged" in self.made

    def rendition(self, suffix: str) -> str:
        return default_storage.url(name_of(self.name or "", suffix))

    def srcset(self, ending: str) -> str:
        widths = self.made.get("widths", [])
        return ", ".join(f"{self.rendition(f'-{width}.{ending}')} {width}w" for width in widths)

    @property
    def avif(self) -> str:
        return self.srcset("avif")

    @property
    def webp(self) -> str:
        return self.srcset("webp")

    @property
    def url(self) -> str:
        """One that every browser shows: never the file itself."""
        if self.is_ready:
            widths = self.made["widths"]
            return self.rendition(f"-{widths[len(widths) // 2]}.webp")
        return "data:image/svg+xml," + quote(BLANK.format(*self.shape), safe="/ =:'")

    @property
    def shared_url(self) -> str:
        """A JPEG for link previews, feeds and mails; empty until it is made."""
        return self.rendition("-shared.jpg") if self.is_ready else ""

    @property
    def shape(self) -> tuple[int, int]:
        """Width and height in pixels, without a look into the file; square if nobody knows."""
        if self.is_ready:
            width, height = self.made["size"]
            return width, height
        sides = (self.field.width_field, self.field.height_field)  # type: ignore[attr-defined]
        known = [getattr(self.instance, side) for side in sides if side]
        return (known[0], known[1]) if all(known) and known else (1, 1)

    @property
    def tone(self) -> str:
        return str(self.made.get("tone", ""))

    @property
    def place(self) -> str:
        """Classes that keep the point in sight; none for the middle."""
        points = {axis: getattr(self.instance, f"{self.field.name}_{axis}", None) for axis in "xy"}
        steps = {axis: round(STEPS * point / 100) for axis, point in points.items() if point is not None}
        return " ".join(f"{axis}{step}" for axis, step in steps.items() if step != STEPS // 2)


class PictureField(models.ImageField):
    """Takes from a form only what lib.images lets in. For migrations it is Django's own field.

    most_kept: pixels; larger pictures are made smaller when they come in.
    """

    attr_class = PictureFile

    def __init__(self, *args: Any, most_kept: int | None = None, **kwargs: Any) -> None:
        options: dict[str, Any] = {"upload_to": picture_path, "storage": private_storage}
        super().__init__(*args, **(options | kwargs))
        self.most_kept = most_kept

    def formfield(self, **kwargs: Any) -> Any:
        from shopfolio.lib.images import PictureFormField

        options: dict[str, Any] = {"form_class": PictureFormField}
        options |= {"most_kept": self.most_kept} if self.most_kept else {}
        return super().formfield(**(options | kwargs))

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ImageField", list(args), kwargs


def made_of_it() -> Any:
    """The companion that says of which file what was made: size, widths and tone, or that it is damaged."""
    return models.JSONField(default=dict, editable=False)


def point(label: Any) -> Any:
    return models.PositiveSmallIntegerField(
        label,
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "In percent: the point that stays in sight where the picture is cropped. Empty: the middle."
        ),
    )


def picture_fields(model: type[models.Model]) -> list[PictureField]:
    """Those that pages show."""
    fields = [field for field in model._meta.concrete_fields if isinstance(field, PictureField)]
    return [field for field in fields if hasattr(model, f"{field.name}_made")]
