import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel
from shopfolio.ecommerce.exceptions import IllegalTransition
from shopfolio.ecommerce.models.catalog import Product, Variant
from shopfolio.ecommerce.models.settings import TaxCategory
from shopfolio.lib.mailboxes import folded
from shopfolio.lib.tokens import derived, is_derived

if TYPE_CHECKING:
    from shopfolio.ecommerce.models.payments import StripeSession
    from shopfolio.users.models import CustomUser

ORDER_LINK = "shopfolio.order-link"
EASY_TO_READ = "ABCDEFGHJKLMNPQRSTUVWXYZ379"


def new_order_number() -> str:
    """Eight signs without look-alikes; says nothing about how many orders there are."""
    return get_random_string(8, EASY_TO_READ)


class OrderQuerySet(models.QuerySet["Order"]):
    def by_token(self, token: str) -> "Order | None":
        """The order that the link's token names, unless the link was revoked or made up."""
        key, _dot, secret = token.partition(".")
        try:
            order = self.filter(pk=uuid.UUID(key)).first()
        except ValueError:
            return None
        if order is None or key != str(order.pk):  # a UUID can be written in several ways, a link in one
            return None
        return order if is_derived(secret, ORDER_LINK, order.link_subject) else None

    def worth_showing(self) -> Self:
        """What its buyer may want to look at, the latest first."""
        return self.exclude(status__in=Order.CAME_TO_NOTHING | {Order.Status.DRAFT}).order_by("-created")

    def of_buyer(self, email: str) -> Self:
        """What somebody with this address ordered, however the address is spelled."""
        return self.filter(email__iexact=email).worth_showing()

    def of_user(self, user: "CustomUser") -> Self:
        """What somebody ordered logged in, or as a guest with an address that is shown to be theirs."""
        spellings = set()
        for address in user.verified_addresses():
            found = self.filter(email__iexact=address).order_by().values_list("email", flat=True).distinct()
            spellings |= {email for email in found if folded(email) == address}
        return self.filter(Q(user=user) | Q(user=None, email__in=spellings))


TO_SEND = Q(status__in=["paid", "partially_refunded"], fulfilment="open")
"""Orders that a parcel is waited for."""


class Order(BaseModel):
    """A sale, from the first offer to pay on. What it says of prices and goods never changes."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        AWAITING_PAYMENT = "awaiting_payment", _("Waits for payment")
        PROCESSING = "processing", _("Payment on its way")
        PAID = "paid", _("Paid")
        PARTIALLY_REFUNDED = "partially_refunded", _("Partly refunded")
        REFUNDED = "refunded", _("Refunded")
        EXPIRED = "expired", _("Expired")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Payment failed")
        REVIEW = "review", _("Needs a look")

    class Fulfilment(models.TextChoices):
        NOTHING_TO_SEND = "nothing_to_send", _("Nothing to send")
        OPEN = "open", _("To send")
        SENT = "sent", _("Sent")

    NEXT: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.AWAITING_PAYMENT, Status.PAID, Status.CANCELLED, Status.REVIEW},
        Status.AWAITING_PAYMENT: {
            Status.PROCESSING, Status.PAID, Status.EXPIRED, Status.CANCELLED, Status.REVIEW,
        },
        Status.PROCESSING: {Status.PAID, Status.FAILED, Status.REVIEW},
        Status.PAID: {Status.PARTIALLY_REFUNDED, Status.REFUNDED},
        # Back again when a refund fails after all.
        Status.PARTIALLY_REFUNDED: {Status.REFUNDED, Status.PAID},
        Status.REFUNDED: {Status.PARTIALLY_REFUNDED, Status.PAID, Status.REVIEW},
        Status.EXPIRED: {Status.PAID, Status.REVIEW},
        Status.CANCELLED: {Status.PAID, Status.REVIEW},
        Status.FAILED: {Status.PAID, Status.REVIEW},
        Status.REVIEW: {Status.PAID, Status.REFUNDED},
    }  # fmt: skip
    CAME_TO_NOTHING: ClassVar[set[str]] = {Status.EXPIRED, Status.CANCELLED, Status.FAILED}
    HOLDS_STOCK: ClassVar[set[str]] = {Status.DRAFT, Status.AWAITING_PAYMENT, Status.PROCESSING}

    number = models.CharField(_("number"), max_length=16, unique=True, default=new_order_number)
    cart = models.ForeignKey(
        "ecommerce.Cart", on_delete=models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("user"),
    )
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.DRAFT)
    fulfilment = models.CharField(
        _("fulfilment"), max_length=16, choices=Fulfilment, default=Fulfilment.NOTHING_TO_SEND
    )

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=200)
    company = models.CharField(_("company"), max_length=200, blank=True)
    tax_id = models.CharField(_("tax number"), max_length=40, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    address_line1 = models.CharField(_("street and number"), max_length=200, blank=True)
    address_line2 = models.CharField(_("more of the address"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("town"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=12, default="en")
    terms_accepted_at = models.DateTimeField(_("terms accepted"), null=True, blank=True)
    withdrawal_waived_at = models.DateTimeField(
        _("right of withdrawal given up"),
        null=True,
        blank=True,
        help_text=_("For downloads that begin at once."),
    )

    currency = models.CharField(_("currency"), max_length=3)
    prices_include_tax = models.BooleanField(_("prices include tax"), default=True)
    tax = models.PositiveBigIntegerField(_("tax"), default=0)
    total = models.PositiveBigIntegerField(_("total"))
    amount_paid = models.PositiveBigIntegerField(_("paid"), default=0)
    amount_refunded = models.PositiveBigIntegerField(_("refunded"), default=0)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=80, blank=True)
    tracking_url = models.URLField(_("tracking link"), max_length=500, blank=True)
    link_version = models.PositiveIntegerField(_("link version"), default=1)

    objects = OrderQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-created"]
        constraints = [
            models.UniqueConstraint(
                fields=["cart"],
                condition=Q(status__in=["draft", "awaiting_payment"]),
                name="ecommerce_order_one_open_per_cart",
            ),
            models.CheckConstraint(
                condition=Q(amount_refunded__lte=F("amount_paid")), name="ecommerce_order_refunds_within_paid"
            ),
            models.CheckConstraint(condition=Q(tax__lte=F("total")), name="ecommerce_order_tax_within_total"),
        ]
        indexes = [models.Index(fields=["status", "-created"], name="ecommerce_order_by_status")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("ecommerce:order", args=[self.token])

    @property
    def token(self) -> str:
        """The unguessable part of the order's link."""
        return f"{self.pk}.{derived(ORDER_LINK, self.link_subject)}"

    @property
    def link_subject(self) -> str:
        return f"{self.pk}:{self.link_version}"

    @property
    def is_paid(self) -> bool:
        return self.status in {self.Status.PAID, self.Status.PARTIALLY_REFUNDED}

    def find_payment(self) -> "StripeSession | None":
        """The one payment that the order keeps; what else came goes back by itself."""
        return self.sessions.filter(status="paid", is_surplus=False).order_by("paid_at", "pk").first()

    def transition(self, to: str, *, why: str = "", by: Any = None) -> Self:
        """The only way to another status; leaves an OrderEvent. The row must be locked by the caller.

        Raises IllegalTransition where NEXT does not lead there, or somebody else was quicker.
        """
        before = self.status
        if to not in self.NEXT[before]:
            raise IllegalTransition(f"{self.number}: {before} -> {to}")
        now = timezone.now()
        changes: dict[str, Any] = {"status": to, "modified": now}
        if to == self.Status.PAID and self.paid_at is None:
            changes |= {"paid_at": now, "amount_paid": self.total}
        if not Order.objects.filter(pk=self.pk, status=before).update(**changes):
            raise IllegalTransition(f"{self.number}: no longer {before}")
        for field, value in changes.items():
            setattr(self, field, value)
        OrderEvent.objects.create(order=self, from_status=before, to_status=to, why=why, by=by)
        return self


class LineKind(models.TextChoices):
    PRODUCT = "product", _("Product")
    SHIPPING = "shipping", _("Delivery")


class OrderLine(BaseModel):
    """A snapshot: later changes of the product do not reach it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    kind = models.CharField(_("kind"), max_length=8, choices=LineKind, default=LineKind.PRODUCT)
    variant = models.ForeignKey(
        Variant,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="order_lines",
        verbose_name=_("variant"),
    )
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    title = models.CharField(_("title"), max_length=255)
    variant_title = models.CharField(_("choice"), max_length=120, blank=True)
    goods = models.CharField(_("goods"), max_length=8, choices=Variant.Kind, blank=True)
    unit_code = models.CharField(_("unit"), max_length=3, default="C62")
    unit_price = models.PositiveBigIntegerField(_("unit price"))
    quantity = models.PositiveIntegerField(_("quantity"))
    tax_rate = models.PositiveIntegerField(_("tax rate"), default=0)
    tax_category = models.CharField(
        _("tax category"), max_length=1, choices=TaxCategory, default=TaxCategory.STANDARD
    )
    net = models.PositiveBigIntegerField(_("net"))
    tax = models.PositiveBigIntegerField(_("tax"))
    total = models.PositiveBigIntegerField(_("total"))

    class Meta(BaseModel.Meta):
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="ecommerce_orderline_quantity"),
            models.CheckConstraint(
                condition=Q(total=F("net") + F("tax")), name="ecommerce_orderline_adds_up"
            ),
            models.UniqueConstraint(fields=["order", "position"], name="ecommerce_orderline_position_once"),
        ]

    def __str__(self) -> str:
        return self.full_title

    @property
    def full_title(self) -> str:
        return f"{self.title}, {self.variant_title}" if self.variant_title else self.title


class OrderEvent(BaseModel):
    """What happened to an order, and why. Append-only."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    from_status = models.CharField(_("from"), max_length=20, choices=Order.Status, blank=True)
    to_status = models.CharField(_("to"), max_length=20, choices=Order.Status, blank=True)
    why = models.CharField(_("why"), max_length=500, blank=True)
    is_note = models.BooleanField(
        _("note"), default=False, help_text=_("Written by hand; goes when its buyer is erased.")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )

    class Meta(BaseModel.Meta):
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["created"]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"


class Entitlement(BaseModel):
    """The right to download a product's files: for ever, until refunded."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        REVOKED = "revoked", _("Revoked")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="entitlements")
    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="entitlement")
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="entitlements", verbose_name=_("product")
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)

    class Meta(BaseModel.Meta):
        verbose_name = _("entitlement")
        verbose_name_plural = _("entitlements")
        ordering = ["created"]

    def __str__(self) -> str:
        return f"{self.product}, {self.order}"
