"""What the owner counted on the shelf, against what the ledger says."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Max, Sum, When
from django.db.models.functions import Coalesce

from shopfolio.ecommerce.models import Product, StockMovement, Variant
from shopfolio.ecommerce.services import stock


@transaction.atomic
def take_stock(
    variant_id: UUID, *, shown: int | None, counted: int | None, note: str = "", by: Any = None
) -> None:
    """Make the figure what was counted, with the ledger's row for it.

    shown: the figure that the owner saw; what was sold since then stays sold. None: unlimited.
    Raises SoldOut when more would go than is there.
    """
    if counted == shown:
        return
    variant = Variant.objects.select_for_update(no_key=True).get(pk=variant_id)
    if counted is None:
        variant.available = None
        variant.save(update_fields=["available"])
    elif shown is None or variant.available is None:
        begin_counting(variant, counted, note=note, by=by)
    else:
        stock.correct(variant_id, counted - shown, note=note, by=by)


def begin_counting(variant: Variant, counted: int, *, note: str, by: Any) -> None:
    """An unlimited variant gets a figure: the ledger may hold what was sold without one."""
    by_ledger = StockMovement.shelf_by_ledger(variant.pk)
    if counted and not by_ledger:
        variant.available = 0
        variant.save(update_fields=["available"])
        stock.receive(variant.pk, counted, note=note, by=by)
        return
    variant.available = counted
    variant.save(update_fields=["available"])
    if counted != by_ledger:
        stock.write(variant.pk, StockMovement.Kind.CORRECTED, counted - by_ledger, note=note, by=by)


def differing() -> Any:
    """Variants whose figure is not what the ledger adds up to, with `by_ledger` and `last_moved`.

    One statement, so that it never sees the one before and the other after a sale.
    """
    signs = StockMovement.ON_SHELF.items()
    piece = Case(*(When(movements__kind=kind, then=sign * F("movements__quantity")) for kind, sign in signs))
    counted = Variant.objects.exclude(available=None).annotate(
        by_ledger=Coalesce(Sum(piece), 0), last_moved=Max("movements__created")
    )
    return counted.exclude(by_ledger=F("available")).select_related("product").order_by("sku")


@transaction.atomic
def believe_shelf(product_id: UUID, *, note: str, by: Any = None) -> int:
    """Write into the ledger what it lacks to say what the figures of a product say; how many differed."""
    stock.lock_variants(Product.objects.get(pk=product_id))
    found = list(differing().filter(product=product_id).values_list("pk", "available", "by_ledger"))
    for variant_id, available, by_ledger in found:
        stock.write(variant_id, StockMovement.Kind.CORRECTED, available - by_ledger, note=note, by=by)
    return len(found)
