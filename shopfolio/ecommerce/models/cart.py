from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel
from shopfolio.ecommerce.models.catalog import Variant
from shopfolio.lib.http import who_is

CART_LIVES = timedelta(days=30)
"""After the last change."""


@dataclass(frozen=True)
class CartCookie:
    """Names a visitor's cart, and how many pieces are in it, so that the badge needs no query."""

    NAME = f"{settings.COOKIE_PREFIX}cart"
    LIFE = int(CART_LIVES.total_seconds())

    cart_id: UUID
    count: int

    @classmethod
    def read(cls, request: HttpRequest) -> Self | None:
        """Nothing when there is none, or when somebody changed it."""
        try:
            text = cls.signer().unsign(request.COOKIES.get(cls.NAME, ""), max_age=cls.LIFE)
            cart_id, _dot, count = text.partition(".")
            return cls(UUID(cart_id), int(count))
        except (signing.BadSignature, ValueError):
            return None

    def write(self, response: HttpResponse) -> None:
        response.set_cookie(
            self.NAME,
            self.signer().sign(f"{self.cart_id}.{self.count}"),
            max_age=self.LIFE,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )

    @staticmethod
    def signer() -> signing.TimestampSigner:
        return signing.TimestampSigner(salt="shopfolio.cart")


class CartQuerySet(models.QuerySet["Cart"]):
    def abandoned(self) -> Self:
        """Nobody has changed them for CART_LIVES, nor may somebody be paying for them."""
        since = timezone.now() - CART_LIVES
        paying = ["draft", "awaiting_payment", "processing"]
        untouched = self.filter(modified__lt=since).exclude(lines__modified__gte=since)
        return untouched.exclude(orders__status__in=paying)


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

    objects = CartQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ["-created"]
        constraints = [models.UniqueConstraint(fields=["user"], name="ecommerce_cart_one_per_user")]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def of(cls, request: HttpRequest) -> "Cart | None":
        """The cart that the cookie leads to, unless it is another account's; or that of their own account."""
        user, cart = who_is(request), cls.of_browser(request)
        if cart and (cart.user_id is None or (user and cart.user_id == user.pk)):
            return cart
        return cls.objects.filter(user=user).first() if user else None

    @classmethod
    def of_browser(cls, request: HttpRequest) -> "Cart | None":
        """The cart that the cookie leads to, whosoever it is."""
        cookie = CartCookie.read(request)
        return cls.objects.filter(pk=cookie.cart_id).first() if cookie else None

    def remember_in(self, response: HttpResponse) -> None:
        CartCookie(self.pk, self.count_pieces()).write(response)

    @staticmethod
    def forget_in(response: HttpResponse) -> None:
        response.delete_cookie(CartCookie.NAME, samesite="Lax")

    def has_open_order(self) -> bool:
        """Whether somebody may be paying for it, or money is on its way."""
        return self.orders.filter(status__in=["draft", "awaiting_payment", "processing"]).exists()

    def count_pieces(self) -> int:
        return int(self.lines.aggregate(pieces=Sum("quantity"))["pieces"] or 0)


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
