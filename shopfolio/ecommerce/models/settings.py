import threading

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import ListField, SingletonModel
from shopfolio.core.page_cache import generation
from shopfolio.lib.lists import country


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
