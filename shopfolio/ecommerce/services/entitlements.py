"""Downloads: who may have them."""

from django.utils import timezone

from shopfolio.ecommerce.models import Entitlement, Order, OrderLine, ProductFile, Variant


def grant_entitlements(order: Order) -> None:
    """The right to the files of every download that was bought. Part of paying; safe to call again."""
    lines = OrderLine.objects.filter(order=order, goods=Variant.Kind.DIGITAL).select_related("variant")
    for line in lines:
        if line.variant is not None:
            Entitlement.objects.get_or_create(
                line=line, defaults={"order": order, "product_id": line.variant.product_id}
            )


def revoke_entitlements(order: Order) -> None:
    """All the money went back: the downloads end."""
    order.entitlements.update(status=Entitlement.Status.REVOKED, modified=timezone.now())


def restore_entitlements(order: Order) -> None:
    """The money did not go back after all."""
    order.entitlements.update(status=Entitlement.Status.ACTIVE, modified=timezone.now())


def downloads_of(order: Order) -> list[ProductFile]:
    """The files that the order gives a right to now; none before it is paid, and none once it is refunded."""
    if not order.is_paid:
        return []
    entitled = Entitlement.objects.filter(order=order, status=Entitlement.Status.ACTIVE)
    offered = ProductFile.objects.filter(
        product__in=entitled.values("product"), status=ProductFile.Status.OFFERED
    )
    return list(offered.select_related("product").order_by("product__title", "position", "created"))
