"""What the owner counted on the shelf, against what the ledger says."""

from uuid import UUID

from django.db import transaction

from shopfolio.ecommerce.models import StockMovement, Variant
from shopfolio.ecommerce.services import stock


@transaction.atomic
def take_stock(variant_id: UUID, *, shown: int | None, counted: int | None, note: str = "") -> None:
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
        begin_counting(variant, counted, note=note)
    else:
        stock.correct(variant_id, counted - shown, note=note)


def begin_counting(variant: Variant, counted: int, *, note: str) -> None:
    """An unlimited variant gets a figure: the ledger may hold what was sold without one."""
    by_ledger = StockMovement.shelf_by_ledger(variant.pk)
    if counted and not by_ledger:
        variant.available = 0
        variant.save(update_fields=["available"])
        stock.receive(variant.pk, counted, note=note)
        return
    variant.available = counted
    variant.save(update_fields=["available"])
    if counted != by_ledger:
        stock.write(variant.pk, StockMovement.Kind.CORRECTED, counted - by_ledger, note=note)
