from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel
from shopfolio.ecommerce.models.catalog import Variant


class Cart(BaseModel):
    """What somebody means to buy. A signed cookie leads here."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="carts",
        verbose_name=_("user"),
    )

    class Meta(BaseModel.Meta):
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ["-created"]

    def __str__(self) -> str:
        return str(self.pk)


class CartLine(BaseModel):
    MOST = 999

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(
        Variant, on_delete=models.CASCADE, related_name="+", verbose_name=_("variant")
    )
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta(BaseModel.Meta):
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["created"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="ecommerce_cartline_variant_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=999), name="ecommerce_cartline_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant}"
