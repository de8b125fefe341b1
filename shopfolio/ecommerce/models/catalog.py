import uuid
from pathlib import Path
from typing import Any

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel, PageModel, PictureModel
from shopfolio.core.models.pictures import Pictured
from shopfolio.core.models.search import Searchable
from shopfolio.ecommerce.models.listing import (
    COPIED,
    LIST_INDEXES,
    ProductQuerySet,
    VariantQuerySet,
    copy_to_products,
)
from shopfolio.ecommerce.models.settings import TaxCategory, shop_settings
from shopfolio.lib import words
from shopfolio.pictures import private_storage


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
    sort_name = models.CharField(max_length=120, default="", editable=False)

    objects = ProductQuerySet.as_manager()  # type: ignore[misc]

    class Meta(PageModel.Meta):
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["position", "-activate_date", "-created"]
        # Not PageModel's: SQLite would take that one and sort.
        indexes = [
            *LIST_INDEXES,
            models.Index(
                fields=["project", "status", "position", "-activate_date", "-created"],
                name="ecommerce_product_of_project",
            ),
        ]

    def set_sort_name(self) -> None:
        """The title as a list puts it in order: without capitals, accents and signs."""
        self.sort_name = words.in_order(self.title)[:120]

    def save(self, **kwargs: Any) -> None:
        self.set_sort_name()
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
