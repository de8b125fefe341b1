"""Pieces on the shelf. Every function moves the figure and the ledger together."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from shopfolio.core import page_cache
from shopfolio.ecommerce.exceptions import SoldOut
from shopfolio.ecommerce.models import Order, Product, StockMovement, Variant
from shopfolio.ecommerce.models.settings import shop_settings
from shopfolio.ecommerce.models.stock import COUNTED_UP_TO

Kind = StockMovement.Kind


@transaction.atomic
def reserve(variant_id: UUID, quantity: int, *, order: Order) -> None:
    """Take pieces off the shelf in one statement, so that two buyers cannot share the last one.

    Raises SoldOut when fewer are left.
    """
    if quantity <= 0:
        raise ValueError(quantity)
    on_shelf = Q(available=None) | Q(available__gte=quantity)
    if not Variant.objects.filter(on_shelf, pk=variant_id).update(available=F("available") - quantity):
        raise SoldOut(sold_out_message(variant_id, wanted=quantity))
    write(variant_id, Kind.RESERVED, quantity, order=order)


def reserve_order(order: Order) -> None:
    """Reserve all lines or none, in primary-key order: two carts cannot wait for each other."""
    with transaction.atomic():
        for variant_id, quantity in pieces(order):
            reserve(variant_id, quantity, order=order)
        show(order)


def release_order(order: Order) -> None:
    """Put a waiting order's pieces back."""
    for variant_id, quantity in pieces(order):
        Variant.objects.filter(pk=variant_id).update(available=F("available") + quantity)
        write(variant_id, Kind.RELEASED, quantity, order=order)
    show(order)


def is_held_for(order: Order) -> bool:
    """Whether the ledger has the order's pieces set aside, neither given back nor sold."""
    kinds = list(order.movements.values_list("kind", flat=True))
    return kinds.count(Kind.RESERVED) > kinds.count(Kind.RELEASED) + kinds.count(Kind.SOLD)


def sell_order(order: Order) -> None:
    """The reserved pieces are the buyer's now; the shelf does not change."""
    for variant_id, quantity in pieces(order):
        write(variant_id, Kind.SOLD, quantity, order=order)


def can_come_back(order: Order) -> bool:
    """Whether something was sold that is counted, and has not come back yet."""
    is_counted = order.lines.filter(variant__available__isnull=False).exists()
    return is_counted and order.paid_at is not None and not has_come_back(order)


def has_come_back(order: Order) -> bool:
    return order.movements.filter(kind=Kind.RETURNED).exists()


def return_order(order: Order) -> None:
    """All that was sold is on the shelf again; called again, nothing more comes."""
    if has_come_back(order):
        return
    for variant_id, quantity in pieces(order):
        Variant.objects.filter(pk=variant_id).update(available=F("available") + quantity)
        write(variant_id, Kind.RETURNED, quantity, order=order)
    show(order)


def receive(variant_id: UUID, quantity: int, *, note: str = "", by: Any = None) -> None:
    """New pieces came in. A variant without a figure gets one."""
    if quantity <= 0:
        raise ValueError(quantity)
    with transaction.atomic():
        variant = Variant.objects.select_for_update(no_key=True).get(pk=variant_id)
        variant.available = (variant.available or 0) + quantity
        variant.save(update_fields=["available"])
        write(variant_id, Kind.RECEIVED, quantity, note=note, by=by)
    page_cache.bump()


def correct(variant_id: UUID, quantity: int, *, note: str = "", by: Any = None) -> None:
    """Add (or with a minus take away) what a count of the shelf has shown.

    Raises SoldOut when more would go than is there.
    """
    if not quantity:
        return
    with transaction.atomic():
        enough = Variant.objects.filter(pk=variant_id, available__gte=max(0, -quantity))
        if not enough.update(available=F("available") + quantity):
            raise SoldOut(sold_out_message(variant_id, wanted=-quantity))
        write(variant_id, Kind.CORRECTED, quantity, note=note, by=by)
    page_cache.bump()


def show(order: Order) -> None:
    """Have the public pages made anew where they say something else now: they count only what is scarce.

    Otherwise everybody who begins to pay would make all pages slow.
    """
    scarce = max(shop_settings().low_stock, COUNTED_UP_TO)
    moved = dict(pieces(order))
    shelf = Variant.objects.filter(pk__in=moved).values_list("pk", "available")
    if any(left is not None and left <= scarce + moved[pk] for pk, left in shelf):
        page_cache.bump()


def lock_variants(product: Product) -> None:
    """Wait for the buyers who hold some of them, and let the next ones wait, before anything is written.

    A form's rows come in the form's order; a buyer who takes them in key order would deadlock with it.
    """
    list(product.variants.select_for_update().order_by("pk").values_list("pk"))


def pieces(order: Order) -> list[tuple[UUID, int]]:
    lines = order.lines.exclude(variant=None).order_by("variant_id").values_list("variant_id", "quantity")
    return [(variant_id, quantity) for variant_id, quantity in lines if variant_id]


def write(
    variant_id: UUID, kind: str, quantity: int, *, order: Order | None = None, note: str = "", by: Any = None
) -> None:
    StockMovement.objects.create(
        variant_id=variant_id, order=order, kind=kind, quantity=quantity, note=note, by=by
    )


def sold_out_message(variant_id: UUID, *, wanted: int) -> str:
    """Looks again, later than what was refused: meanwhile there may be some."""
    variant = Variant.objects.select_related("product").filter(pk=variant_id).first()
    if variant is None:
        return _("This is no longer offered.")
    if not variant.available:
        return _("%(name)s has just sold out.") % {"name": variant}
    if variant.available >= wanted:
        return _("%(name)s was sold out for a moment. Please try again.") % {"name": variant}
    return _("Only %(left)s left of %(name)s.") % {"left": variant.available, "name": variant}
