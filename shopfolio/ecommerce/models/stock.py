import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel
from shopfolio.ecommerce.models.catalog import Variant

COUNTED_UP_TO = 99
"""Pieces that pages name; beyond it nobody counts, and it is in stock."""


class StockMovement(BaseModel):
    """The ledger beside Variant.available: a row for every piece that came or went. Append-only."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Received")
        RESERVED = "reserved", _("Reserved")
        RELEASED = "released", _("Released")
        SOLD = "sold", _("Sold")
        RETURNED = "returned", _("Returned")
        CORRECTED = "corrected", _("Corrected")

    ON_SHELF = {
        Kind.RECEIVED: 1,
        Kind.RESERVED: -1,
        Kind.RELEASED: 1,
        Kind.SOLD: 0,
        Kind.RETURNED: 1,
        Kind.CORRECTED: 1,
    }
    """What one piece of each kind does to the figure on the shelf."""

    variant = models.ForeignKey(
        Variant, on_delete=models.PROTECT, related_name="movements", verbose_name=_("variant")
    )
    order = models.ForeignKey(
        "ecommerce.Order",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="movements",
        verbose_name=_("order"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    quantity = models.IntegerField(_("quantity"))
    note = models.CharField(_("note"), max_length=255, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )

    class Meta(BaseModel.Meta):
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0) | (Q(kind="corrected") & ~Q(quantity=0)),
                name="ecommerce_stockmovement_quantity",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity}"

    @property
    def on_shelf(self) -> int:
        """What it did to the figure."""
        return self.ON_SHELF[self.Kind(self.kind)] * self.quantity

    @classmethod
    def shelf_by_ledger(cls, variant_id: uuid.UUID) -> int:
        """What the ledger says is on the shelf."""
        rows = cls.objects.filter(variant_id=variant_id).values_list("kind", "quantity")
        return sum(cls.ON_SHELF[cls.Kind(kind)] * quantity for kind, quantity in rows)
