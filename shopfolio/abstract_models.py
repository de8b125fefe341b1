"""What models share. They stand on django-extensions and close its traps."""

import copy
import uuid
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn, Self

from django.contrib.redirects.models import Redirect
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django_extensions.db.fields import AutoSlugField
from django_extensions.db.models import ActivatorModel, TimeStampedModel, TitleSlugDescriptionModel
from django_prose_editor.fields import ProseEditorField, ProseEditorFormField
from uuid_utils.compat import uuid7

from shopfolio.lib import html
from shopfolio.lib.lists import ListFormField
from shopfolio.lib.ordered_choices import OrderedChoicesFormField
from shopfolio.pictures import PictureField, made_of_it, picture_path, point

__all__ = ["picture_path"]  # where migrations look for it


class BaseModel(TimeStampedModel):
    """A key that sorts by time, and when the row was made and last changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta(TimeStampedModel.Meta):
        abstract = True

    def save(self, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if fields is not None and kwargs.get("update_modified", True):
            kwargs["update_fields"] = {*fields, "modified"}
        super().save(**kwargs)  # type: ignore[no-untyped-call]
        self.update_modified = True  # the library keeps False for every later save


class ImmutableError(TypeError):
    """What was issued or written down is followed by another row, never changed or deleted."""

    def __init__(self) -> None:
        super().__init__("What was written down stays.")


class ImmutableQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise ImmutableError

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutableError

    def delete(self) -> NoReturn:
        raise ImmutableError


class ImmutableModel(BaseModel):
    objects = ImmutableQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        abstract = True

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ImmutableError
        super().save(**kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutableError


class PageSlugField(AutoSlugField):
    """Made from the title, never empty, and never at the end of its numbers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        options = {"populate_from": "title", "unique": True, "max_length": 120, "allow_unicode": True}
        options |= {"editable": True, "blank": True, "overwrite_on_add": False}
        super().__init__(*args, **(options | kwargs))  # type: ignore[no-untyped-call]

    @property
    def length(self) -> int:
        return self.max_length or 50

    @staticmethod
    def slugify_func(content: str, slugify_function: Callable[[str], str]) -> str:
        return slugify_function(content)  # the library's skips an empty title

    def slug_generator(self, original_slug: str, start: int) -> Iterator[str]:
        yield original_slug
        for number in range(start, 10):
            yield f"{original_slug[: self.length - 2]}-{number}"
        while True:
            yield f"{original_slug[: self.length - 7]}-{get_random_string(6).lower()}"


class RichTextFormField(ProseEditorFormField):  # type: ignore[misc]
    """Hands the editor clean text only: it makes live elements of whatever it is given."""

    def prepare_value(self, value: Any) -> Any:
        return html.sanitise(value) if value else value


class RichTextField(ProseEditorField):  # type: ignore[misc]
    """HTML that an author writes in the editor; sanitised on its way into the database."""

    EXTENSIONS: ClassVar[dict[str, Any]] = {
        "Bold": True, "Italic": True, "Heading": {"levels": [2, 3]},
        "Link": {"protocols": ["http", "https", "mailto"]},
        "BulletList": True, "OrderedList": True, "ListItem": True, "Blockquote": True, "Code": True,
        "CodeBlock": True,
        "HorizontalRule": True, "HardBreak": True, "Table": True, "TableRow": True, "TableHeader": True,
        "TableCell": True,
    }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, extensions=self.EXTENSIONS, sanitize=html.sanitise, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {key: kwargs[key] for key in kwargs if key not in {"extensions", "sanitize"}}

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**({"form_class": RichTextFormField} | kwargs))

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        cleaned = html.sanitise(super().pre_save(model_instance, add) or "")
        setattr(model_instance, self.attname, cleaned)
        return cleaned


class ListField(models.JSONField):
    """A short list that the owner writes into a box. For migrations it is Django's own field.

    item: checks an item as a form brings it, see lib.lists.
    """

    def __init__(self, *args: Any, item: Any = None, **kwargs: Any) -> None:
        options: dict[str, Any] = {"default": list, "blank": True}
        super().__init__(*args, **(options | kwargs))
        self.item = item

    def formfield(self, **kwargs: Any) -> Any:
        # Past JSONField's own, which offers no other class of field.
        options = {"form_class": ListFormField, "item": self.item} | kwargs
        return super(models.JSONField, self).formfield(**options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", list(args), kwargs


class OrderedChoicesField(models.JSONField):
    """Some of a few known things, in an order. For migrations it is Django's own field.

    of: the choices.
    """

    def __init__(self, *args: Any, of: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of

    def formfield(self, **kwargs: Any) -> Any:
        # Past JSONField's own, which offers no other class of field.
        options = {"form_class": OrderedChoicesFormField, "of": self.of, "required": False} | kwargs
        return super(models.JSONField, self).formfield(**options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", list(args), kwargs


class PageQuerySet(models.QuerySet[Any]):
    def live(self) -> Self:
        """What a visitor may see now."""
        now = timezone.now()
        not_over = models.Q(deactivate_date=None) | models.Q(deactivate_date__gt=now)
        return self.filter(not_over, status=PageModel.Status.PUBLISHED, activate_date__lte=now)

    def visible_to(self, user: Any) -> Self:
        """Live pages; every page for staff who may look at them, so that a draft is seen in its place."""
        right = f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"
        return self.all() if user.is_staff and user.has_perm(right) else self.live()


def list_index(*fields: str, name: str) -> models.Index:
    """All that a list of live pages in this order looks at, so that a deep page never reads what it skips."""
    return models.Index(fields=["status", *fields, "deactivate_date", "id"], name=name)


class PageModel(TitleSlugDescriptionModel, ActivatorModel, BaseModel):
    """Everything with a public address. A new page is a draft."""

    class Status(models.IntegerChoices):
        DRAFT = ActivatorModel.INACTIVE_STATUS, _("Draft")
        PUBLISHED = ActivatorModel.ACTIVE_STATUS, _("Published")

    slug = PageSlugField(
        _("address"), help_text=_("The last part of the page's address; empty: from the title.")
    )
    description = models.TextField(
        _("summary"), blank=True, help_text=_("A sentence or two, for lists and search engines.")
    )
    status = models.IntegerField(_("status"), choices=Status, default=Status.DRAFT)
    activate_date = models.DateTimeField(
        _("publication date"),
        null=True,
        blank=True,
        help_text=_("Empty: the moment when it is first published."),
    )
    deactivate_date = models.DateTimeField(_("visible until"), null=True, blank=True)
    body = RichTextField(_("text"), blank=True)
    image = PictureField(_("picture"), blank=True, width_field="image_width", height_field="image_height")
    image_width = models.PositiveIntegerField(null=True, editable=False)
    image_height = models.PositiveIntegerField(null=True, editable=False)
    image_alt = models.CharField(_("picture in words"), max_length=255, blank=True)
    image_made = made_of_it()
    image_x = point(_("from the left"))
    image_y = point(_("from the top"))
    seo_title = models.CharField(_("title for search engines"), max_length=255, blank=True)
    seo_description = models.CharField(_("description for search engines"), max_length=320, blank=True)

    objects = PageQuerySet.as_manager()  # type: ignore[misc,assignment]

    class Meta(BaseModel.Meta):
        abstract = True
        ordering = ["-activate_date", "-created"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status=ActivatorModel.INACTIVE_STATUS)
                | models.Q(activate_date__isnull=False),
                name="%(app_label)s_%(class)s_published_has_date",
            )
        ]
        indexes = [models.Index(fields=["status", "-activate_date"], name="%(app_label)s_%(class)s_live")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        raise NotImplementedError

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **options: Any) -> Self:
        page = super().from_db(db, field_names, values, **options)
        page._slug_in_database = page.__dict__.get("slug")
        return page

    @property
    def is_live(self) -> bool:
        now = timezone.now()
        started = self.activate_date is not None and self.activate_date <= now
        return (
            self.status == self.Status.PUBLISHED
            and started
            and (self.deactivate_date is None or self.deactivate_date > now)
        )

    def slugify_function(self, content: str) -> str:
        return slugify(content, allow_unicode=True) or slugify(str(self._meta.verbose_name)) or "page"

    def clean(self) -> None:
        super().clean()
        self._date_publication()  # before a form holds the row to its constraint

    def _date_publication(self) -> bool:
        """A page without a date is dated when it is first published; whether that was now."""
        if self.status != self.Status.PUBLISHED or self.activate_date is not None:
            return False
        self.activate_date = timezone.now()
        return True

    def save(self, **kwargs: Any) -> None:
        if self._date_publication() and kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "activate_date"}
        old_slug = getattr(self, "_slug_in_database", None)
        with transaction.atomic():
            self._save_with_free_slug(kwargs)
            if old_slug and old_slug != self.slug:
                self._leave_redirect(old_slug)
        self._slug_in_database = self.slug

    def _save_with_free_slug(self, kwargs: dict[str, Any]) -> None:
        """Another writer may take the slug between our look and our write: then look again."""
        slug_is_ours_to_choose = not self.slug
        for attempt in range(1, 6):
            try:
                with transaction.atomic():
                    # Past ActivatorModel.save, which dates drafts too.
                    super(ActivatorModel, self).save(**kwargs)
                return
            except IntegrityError:
                if attempt == 5 or not slug_is_ours_to_choose or not self._slug_is_taken():
                    raise
                # Many writers at once would meet at each number again; nobody meets at random signs.
                self.slug = self._random_slug() if attempt > 1 else ""

    def _random_slug(self) -> str:
        return f"{self.slugify_function(self.title)[:113]}-{get_random_string(6).lower()}"

    def _slug_is_taken(self) -> bool:
        return type(self)._default_manager.filter(slug=self.slug).exclude(pk=self.pk).exists()

    def _leave_redirect(self, old_slug: str) -> None:
        """Links to the old address go on working, in one hop, however often it changes."""
        before = copy.copy(self)
        before.slug = old_slug
        old, new = before.get_absolute_url(), self.get_absolute_url()
        Redirect.objects.filter(old_path=new).delete()
        Redirect.objects.filter(new_path=old).update(new_path=new)
        if len(old) <= 200 and len(new) <= 200:  # the columns' width; only long non-Latin slugs get there
            Redirect.objects.update_or_create(site_id=1, old_path=old, defaults={"new_path": new})


class PictureModel(BaseModel):
    """A picture in a row of them, beside the one that a page has."""

    image = PictureField(_("picture"), width_field="width", height_field="height")
    image_made = made_of_it()
    image_x = point(_("from the left"))
    image_y = point(_("from the top"))
    width = models.PositiveIntegerField(null=True, editable=False)
    height = models.PositiveIntegerField(null=True, editable=False)
    alt = models.CharField(_("in words"), max_length=255, blank=True)
    caption = models.CharField(_("caption"), max_length=255, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(BaseModel.Meta):
        abstract = True
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["position", "created"]

    def __str__(self) -> str:
        return self.alt or self.caption or str(_("Picture"))


class SingletonModel(BaseModel):
    """A table with one row."""

    ID: ClassVar[uuid.UUID] = uuid.UUID(int=1)

    id = models.UUIDField(primary_key=True, default=uuid.UUID(int=1), editable=False)

    class Meta(BaseModel.Meta):
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(id=uuid.UUID(int=1)), name="%(app_label)s_%(class)s_one_row"
            )
        ]

    @classmethod
    def load(cls) -> Self:
        """The row, or an unsaved one with the defaults."""
        return cls._default_manager.filter(pk=cls.ID).first() or cls()
