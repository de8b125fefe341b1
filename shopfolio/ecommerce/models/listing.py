"""How the shop is listed: its orders, each with an index that holds all that a list looks at.

Prices and kinds are copied from the variants, which change only in the back office. Stock is not: buyers of
two choices would wait for each other at their product's row.
"""

from collections.abc import Iterable
from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.db.models import Case, Exists, F, Min, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone

from shopfolio.core.models.search import SearchableQuerySet

COPIED = {"price", "kind", "status", "product", "product_id"}
"""The columns of a variant that its product's row tells of."""

A_BATCH = 500
MOST_BESIDE = 4


class Sort(models.TextChoices):
    """By which order the shop can be looked at, beside the owner's."""

    NEWEST = "newest"
    PRICE_UP = "price-up"
    PRICE_DOWN = "price-down"
    NAME = "name"


CAME = Coalesce("activate_date", "created")
"""When something was published, as an expression: in an index on the date itself SQLite would look up what is
live for every list of products, and sort that.
"""

ORDERS: dict[str, tuple[Any, ...]] = {
    Sort.NEWEST: (CAME.desc(), "-pk"),
    Sort.PRICE_UP: ("least_price", "pk"),
    Sort.PRICE_DOWN: ("-least_price", "-pk"),
    Sort.NAME: ("sort_name", "pk"),
}

LOOKED_AT = ("deactivate_date", "kinds", "on_sale_from")
"""What every list asks of a product beside its order: a deep page never reads the rows that it skips."""

LIST_INDEXES = [
    models.Index(
        fields=["status", "position", "-activate_date", "-created", *LOOKED_AT, "id"],
        name="ecommerce_product_shelf",
    ),
    models.Index(
        F("status"),
        CAME.desc(),
        F("id").desc(),
        *map(F, ("activate_date", "created", *LOOKED_AT)),
        name="ecommerce_product_newest",
    ),
    *(
        models.Index(fields=["status", column, "id", "activate_date", *LOOKED_AT], name=name)
        for column, name in (
            ("least_price", "ecommerce_product_price"),
            ("sort_name", "ecommerce_product_name"),
        )
    ),
]


class ProductQuerySet(SearchableQuerySet):
    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        products = list(objs)
        for product in products:
            product.set_sort_name()
        return super().bulk_create(products, *args, **options)

    def for_list(self) -> Self:
        """With what a list shows of each: one query more, whatever the number."""
        return self.defer("body").prefetch_related("variants")

    def of_kind(self, kind: str) -> Self:
        """With a choice of this kind among others."""
        return self.filter(kinds__contains=kind)

    def to_be_had(self, kind: str = "") -> Self:
        """On sale now, with a choice (of this kind) that is not sold out."""
        variants = apps.get_model("ecommerce.Variant")._default_manager.on_sale().order_by()
        left = variants.filter(Q(available=None) | Q(available__gt=0), product=OuterRef("pk"))
        has_come = Q(on_sale_from=None) | Q(on_sale_from__lte=timezone.now())
        return self.filter(has_come, Exists(left.filter(kind=kind) if kind else left))

    def with_beside(self, slug: str) -> Self:
        """One of these by its address, and what is live beside it in the shop; each key from an index."""
        pages: Any = self.model._default_manager
        here, live = self.filter(slug=slug).order_by(), pages.live()
        of_its_project = live.filter(project=Subquery(here.values("project")))
        of_its_kinds = live.filter(kinds=Subquery(here.values("kinds")))
        beside = [
            pages.filter(pk__in=some.values("pk")[: MOST_BESIDE + 1]).order_by().values("pk")
            for some in (of_its_project, of_its_kinds)
        ]
        found: Self = pages.filter(pk__in=here.values("pk").union(*beside, all=True))
        return found

    def sorted_by(self, sort: str) -> Self:
        """By price only what has one. Without a word, as the owner put them."""
        if not sort:
            return self
        priced = self.exclude(least_price=None) if "price" in sort else self
        return priced.order_by(*ORDERS[Sort(sort)])


class VariantQuerySet(models.QuerySet[Any]):
    """Changes many variants at once, and what their products tell of them."""

    def on_sale(self) -> Self:
        return self.filter(status="on_sale")

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        with transaction.atomic():
            variants = super().bulk_create(objs, *args, **options)
            copy_to_products(variant.product_id for variant in variants)
        return variants

    def update(self, **fields: Any) -> int:
        if COPIED.isdisjoint(fields):
            return super().update(**fields)
        moved_to = fields.get("product", fields.get("product_id"))
        with transaction.atomic():
            products = {*self.values_list("product", flat=True), getattr(moved_to, "pk", moved_to)}
            changed = super().update(**fields)
            copy_to_products(products - {None})
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            products = set(self.values_list("product", flat=True))
            deleted = super().delete()
            copy_to_products(products)
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


@transaction.atomic
def copy_to_products(keys: Iterable[UUID]) -> None:
    """Write beside these products what their variants on sale say now.

    The rows are locked first and read after: of two variants saved at once the later one sees the other.
    """
    product, variant = (apps.get_model("ecommerce", name) for name in ("Product", "Variant"))
    own = variant._default_manager.on_sale().filter(product=OuterRef("pk")).order_by()
    kinds = [
        Case(When(Exists(own.filter(kind=kind)), then=Value(f"{kind} ")), default=Value(""))
        for kind in variant.Kind.values
    ]
    least = own.values("product").annotate(least=Min("price")).values("least")
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), A_BATCH):
        # Past the search's queryset: none of this is among its words.
        rows: Any = models.QuerySet(product).filter(pk__in=ordered[start : start + A_BATCH])
        list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        rows.update(least_price=Subquery(least), kinds=Concat(*kinds))
