import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from django.apps import apps
from django.db import models, transaction
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import PageModel, PageQuerySet
from shopfolio.core import search_index
from shopfolio.core.models.pictures import Pictured
from shopfolio.lib import html
from shopfolio.lib.words import composed

A_BATCH = 500
Item = TypeVar("Item")


class SearchEntry(models.Model):
    """What the search knows of a published page. Derived: whatever is lost here is made again from the page.

    Its key is a number, because SQLite's full-text index knows rows by nothing else.
    """

    id = models.BigAutoField(primary_key=True)
    page = models.UUIDField(unique=True)
    kind = models.CharField(max_length=100)  # such as "core.blogpost"
    path = models.TextField()
    live_from = models.DateTimeField()
    live_until = models.DateTimeField(null=True)
    page_modified = models.DateTimeField()
    title = models.CharField(max_length=255)
    summary = models.TextField()
    text = models.TextField()

    total: int  # of the search that found it

    FROM_PAGE = [
        "kind", "path", "live_from", "live_until", "page_modified", "title", "summary", "text",
    ]  # fmt: skip

    class Meta:
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")

    def __str__(self) -> str:
        return self.title

    @classmethod
    def of(cls, page: "Searchable") -> "SearchEntry":
        return cls(
            page=page.pk,
            kind=page._meta.label_lower,
            path=page.get_absolute_url(),
            live_from=page.activate_date,  # type: ignore[misc]  # what is published has a date
            live_until=page.deactivate_date,
            page_modified=page.modified,
            title=composed(page.title),
            summary=composed(page.description),
            text=composed(f"{html.plain(page.body)} {page.also_found_by()}".strip()),
        )


class SearchableQuerySet(PageQuerySet):
    """Changes many pages at once, and what the search knows of them."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        with transaction.atomic():
            pages = super().bulk_create(objs, *args, **options)
            keep(pages)
        return pages

    def update(self, **fields: Any) -> int:  # bulk_update() comes here too
        with transaction.atomic():
            keys = list(self.values_list("pk", flat=True))
            changed = super().update(**fields)
            reindex(self.model, keys)
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            keys = list(self.values_list("pk", flat=True))
            deleted = super().delete()
            forget(keys)
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class Searchable(PageModel, Pictured):
    """A page that visitors find by its words."""

    SHOWS_DATE: ClassVar[bool] = False
    """Whether it matters to visitors when it was published."""

    objects = SearchableQuerySet.as_manager()  # type: ignore[misc,assignment]

    class Meta(PageModel.Meta):
        abstract = True

    def also_found_by(self) -> str:
        """Words beside title, summary and text."""
        return ""

    def save(self, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(**kwargs)
            if kwargs.get("update_fields") is None:
                keep([self])
            else:  # what else was changed on this object did not reach the database
                reindex(type(self), [self.pk])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        key = self.pk
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            forget([key])  # after the page, as when it is saved: who takes both in one order never deadlocks
        return deleted


def searchables() -> list[type[Searchable]]:
    return [model for model in apps.get_models() if issubclass(model, Searchable)]


def keep(pages: Iterable[Searchable]) -> None:
    """Let the search know these pages as they are; of drafts it knows nothing."""
    ordered = sorted(pages, key=lambda page: page.pk)
    for batch in _batches(ordered):
        published = [page for page in batch if page.status == PageModel.Status.PUBLISHED]
        with transaction.atomic():
            forget(page.pk for page in batch if page.status != PageModel.Status.PUBLISHED)
            entries = SearchEntry.objects.bulk_create(
                [SearchEntry.of(page) for page in published],
                update_conflicts=True,
                unique_fields=["page"],
                update_fields=SearchEntry.FROM_PAGE,
            )
            search_index.put(entries)
    if len(ordered) > A_BATCH:
        search_index.settle()


def forget(keys: Iterable[uuid.UUID]) -> None:
    for batch in _batches(sorted(keys)):
        entries = SearchEntry.objects.filter(page__in=batch)
        with transaction.atomic():
            search_index.remove(list(entries.values_list("pk", flat=True)))
            entries.delete()


def reindex(model: type[Searchable], keys: Iterable[uuid.UUID]) -> None:
    """Know these pages of a model as they are in the database, or no longer, a batch at a time."""
    for batch in _batches(sorted(keys)):
        with transaction.atomic():
            # Locked, so that who saves one of them at this moment has the last word on it.
            pages = list(model._default_manager.select_for_update().order_by("pk").filter(pk__in=batch))
            keep(pages)
            forget(set(batch) - {page.pk for page in pages})


def heal(model: type[Searchable]) -> int:
    """Put right what the search knows of a model's pages; of how many it was wrong."""
    published = model._default_manager.filter(status=PageModel.Status.PUBLISHED)
    entries = SearchEntry.objects.filter(kind=model._meta.label_lower)
    are = set(published.values_list("pk", "modified", "activate_date", "deactivate_date"))
    found = entries.annotate(has_words=RawSQL(search_index.HAS_WORDS, (), BooleanField()))  # noqa: S611
    known = set(found.values_list("page", "page_modified", "live_from", "live_until", "has_words"))
    wrong = {row[0] for row in {(*row, True) for row in are} ^ known}
    reindex(model, wrong)
    if len(wrong) > A_BATCH:
        search_index.settle()
    return len(wrong)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), A_BATCH):
        yield items[start : start + A_BATCH]
