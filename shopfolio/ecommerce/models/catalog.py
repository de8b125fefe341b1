import threading
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import (
    BaseModel,
    ListField,
    PageModel,
    PictureModel,
    SingletonModel,
)
from shopfolio.core.models.pictures import Pictured
from shopfolio.core.models.search import Searchable
from shopfolio.core.page_cache import generation
from shopfolio.ecommerce.models.shelf import (
    COPIED,
    SHELF_INDEXES,
    ProductQuerySet,
    SortNameField,
    VariantQuerySet,
    copy_to_products,
)
from shopfolio.lib.lists import country
from shopfolio.pictures import private_storage


class TaxCategory(models.TextChoices):
    """UNCL 5305 codes, as EN 16931 invoices name them."""

    STANDARD = "S", _("Taxed")
    ZERO = "Z", _("Zero rated")
    EXEMPT = "E", _("Exempt")
    OUTSIDE = "O", _("Not subject to tax")


class ShopSettings(SingletonModel):
    prices_include_tax = models.BooleanField(_("prices include tax"), default=True)
    tax_rate = models.PositiveIntegerField(
        _("tax rate"),
        default=0,
        validators=[MaxValueValidator(10_000)],
        help_text=_("In hundredths of a percent: 2300 is 23 %."),
    )
    tax_category = models.CharField(
        _("tax category"), max_length=1, choices=TaxCategory, default=TaxCategory.STANDARD
    )
    tax_note = models.CharField(
        _("note on invoices without tax"),
        max_length=255,
        blank=True,
        help_text=_("Such as the law that exempts you."),
    )
    shipping_price = models.PositiveBigIntegerField(
        _("delivery"), default=0, help_text=_("For an order with goods to send.")
    )
    shipping_free_from = models.PositiveBigIntegerField(
        _("delivery is free from"), null=True, blank=True, help_text=_("Empty: never.")
    )
    ships_to = ListField(
        _("delivers to"),
        item=country,
        help_text=_("None ticked: everywhere."),
    )
    low_stock = models.PositiveIntegerField(_("few left from"), default=5)
    invoice_prefix = models.CharField(_("invoice numbers begin with"), max_length=12, default="INV")
    credit_note_prefix = models.CharField(_("credit note numbers begin with"), max_length=12, default="CN")
    invoice_footer = models.CharField(_("last line of invoices"), max_length=255, blank=True)

    class Meta(SingletonModel.Meta):
        verbose_name = _("shop settings")
        verbose_name_plural = _("shop settings")

    def __str__(self) -> str:
        return str(_("Shop settings"))

    def clean(self) -> None:
        if self.invoice_prefix == self.credit_note_prefix:
            message = _("Credit notes are counted by themselves: their numbers must begin otherwise.")
            raise ValidationError({"credit_note_prefix": message})


COUNTED_UP_TO = 99
"""Pieces that pages name; beyond it nobody counts, and it is in stock."""

_kept = threading.local()


def shop_settings() -> ShopSettings:
    """The shop's settings, kept between requests until the back office changes something."""
    entry = getattr(_kept, "entry", None)
    current = generation()
    if entry is None or entry[0] != current:
        entry = _kept.entry = (current, ShopSettings.load())
    return entry[1]


def forget_shop_settings() -> None:
    _kept.entry = None


class Product(Searchable):
    """Something for sale; its title is its name. Prices and stock are its variants'."""

    class InventoryStatus(models.TextChoices):
        AVAILABLE = "available", _("In stock")
        LOW = "low", _("Few left")
        SOLD_OUT = "sold_out", _("Sold out")
        COMING = "coming", _("Coming soon")
        UNLIMITED = "unlimited", _("Available")

    position = models.PositiveSmallIntegerField(_("position"), default=0)
    on_sale_from = models.DateTimeField(
        _("on sale from"), null=True, blank=True, help_text=_("Until then it is shown as coming.")
    )
    tax_rate = models.PositiveIntegerField(
        _("tax rate"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(10_000)],
        help_text=_("In hundredths of a percent: 600 is 6 %. Empty: the shop's."),
    )
    tax_category = models.CharField(
        _("tax category"), max_length=1, choices=TaxCategory, blank=True, help_text=_("Empty: the shop's.")
    )
    project = models.ForeignKey(
        "core.Project",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="products",
        db_index=False,  # the index below begins with it
        verbose_name=_("where it comes from"),
    )
    least_price = models.PositiveBigIntegerField(null=True, editable=False)
    kinds = models.CharField(max_length=30, default="", editable=False)
    sort_name = SortNameField()

    objects = ProductQuerySet.as_manager()  # type: ignore[misc]

    class Meta(PageModel.Meta):
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["position", "-activate_date", "-created"]
        # Not PageModel's: SQLite would take that one and sort.
        indexes = [
            *SHELF_INDEXES,
            models.Index(
                fields=["project", "status", "position", "-activate_date", "-created"],
                name="ecommerce_product_of_project",
            ),
        ]

    def save(self, **kwargs: Any) -> None:
        if "title" in (fields := kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = {*fields, "sort_name"}
        with transaction.atomic():
            super().save(**kwargs)
            if not fields:  # what this object was read with may be older than its variants
                copy_to_products([self.pk])

    def get_absolute_url(self) -> str:
        return reverse("ecommerce:product", args=[self.slug])

    @property
    def name(self) -> str:
        return self.title

    @property
    def variants_on_sale(self) -> list["Variant"]:
        """Reads the prefetched variants where there are any."""
        return [variant for variant in self.variants.all() if variant.status == Variant.Status.ON_SALE]

    @property
    def is_coming(self) -> bool:
        return self.on_sale_from is not None and self.on_sale_from > timezone.now()

    @property
    def inventory_status(self) -> "Product.InventoryStatus":
        status, few = self.InventoryStatus, shop_settings().low_stock
        if self.is_coming:
            return status.COMING
        stock = [variant.available for variant in self.variants_on_sale]
        if not stock:
            return status.COMING
        if None in stock:
            return status.UNLIMITED
        left = sum(pieces for pieces in stock if pieces)
        if left == 0:
            return status.SOLD_OUT
        return status.LOW if left <= few else status.AVAILABLE

    @property
    def price_from(self) -> int | None:
        """The lowest price on sale, in minor units."""
        return min((variant.price for variant in self.variants_on_sale), default=None)

    @property
    def has_one_price(self) -> bool:
        return len({variant.price for variant in self.variants_on_sale}) == 1


class ProductImage(PictureModel, Pictured):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")


class Variant(BaseModel):
    """What is sold: one row per choice of a product."""

    class Kind(models.TextChoices):
        PHYSICAL = "physical", _("Sent by post")
        DIGITAL = "digital", _("Download")
        SERVICE = "service", _("Service")

    class Status(models.TextChoices):
        ON_SALE = "on_sale", _("On sale")
        RETIRED = "retired", _("No longer sold")

    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        related_name="variants",
        db_index=False,  # the index below begins with it
    )
    title = models.CharField(
        _("choice"),
        max_length=120,
        blank=True,
        help_text=_("Such as a size; may be empty where there is one."),
    )
    sku = models.CharField(_("SKU"), max_length=64, unique=True)
    price = models.PositiveBigIntegerField(_("price"))
    available = models.PositiveIntegerField(
        _("available"), null=True, blank=True, help_text=_("Empty: unlimited.")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PHYSICAL)
    unit_code = models.CharField(
        _("unit"),
        max_length=3,
        default="C62",
        validators=[RegexValidator(r"^[A-Z0-9]{2,3}$")],
        help_text=_("UN/ECE code: C62 is a piece, HUR an hour."),
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ON_SALE)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = VariantQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["position", "created"]
        indexes = [
            models.Index(fields=["product", "status", "kind", "available"], name="ecommerce_variant_shelf")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(available=None) | Q(available__gte=0),
                name="ecommerce_variant_available_not_negative",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product.title}, {self.title}" if self.title else self.product.title

    def save(self, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        with transaction.atomic():
            super().save(**kwargs)
            if fields is None or not COPIED.isdisjoint(fields):
                copy_to_products([self.product_id])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        product = self.product_id
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            copy_to_products([product])
        return deleted

    @property
    def is_sold_out(self) -> bool:
        return self.available == 0

    @property
    def is_sent(self) -> bool:
        return self.kind == self.Kind.PHYSICAL


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


def product_file_path(product_file: models.Model, filename: str) -> str:
    """The name that buyers get is kept beside it."""
    return f"downloads/{uuid.uuid4().hex}"


class ProductFile(BaseModel):
    """A download that belongs to a product; its address is asked for, never guessed."""

    class Status(models.TextChoices):
        OFFERED = "offered", _("Offered")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="files")
    title = models.CharField(_("title"), max_length=120)
    file = models.FileField(_("file"), storage=private_storage, upload_to=product_file_path)
    filename = models.CharField(_("name when saved"), max_length=160, blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), default=0, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OFFERED)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(BaseModel.Meta):
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        ordering = ["position", "created"]

    def __str__(self) -> str:
        return self.title

    def save(self, **kwargs: Any) -> None:
        if self.file:
            self.filename = self.filename or Path(self.file.name or "").name
            self.size = self.file.size
        super().save(**kwargs)
