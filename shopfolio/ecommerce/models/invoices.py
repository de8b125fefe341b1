from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel, ImmutableModel
from shopfolio.ecommerce.models.catalog import Product
from shopfolio.ecommerce.models.orders import Order
from shopfolio.ecommerce.models.settings import TaxCategory
from shopfolio.pictures import private_storage


class InvoiceSeries(BaseModel):
    """A counter. Its row is locked while a number is given out, so that numbers have no gap."""

    code = models.CharField(_("code"), max_length=24, unique=True)
    last_number = models.PositiveIntegerField(_("last number"), default=0)

    class Meta(BaseModel.Meta):
        verbose_name = _("invoice series")
        verbose_name_plural = _("invoice series")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Invoice(ImmutableModel):
    """A full snapshot of who sold what to whom; its PDF is an InvoicePDF.

    A credit note's amounts are below zero: all documents of an order add up to what the seller kept.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        CANCELLATION = "cancellation", _("Cancellation")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.INVOICE)
    series = models.ForeignKey(
        InvoiceSeries, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("series")
    )
    sequence = models.PositiveIntegerField(_("number in the series"))
    number = models.CharField(_("number"), max_length=40, unique=True)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("order")
    )
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("corrects"),
    )
    issued_on = models.DateField(_("date"))
    language = models.CharField(_("language"), max_length=12)
    currency = models.CharField(_("currency"), max_length=3)
    seller = models.JSONField(_("seller"))
    buyer = models.JSONField(_("buyer"))
    texts = models.JSONField(_("texts"), default=dict, blank=True)
    net = models.BigIntegerField(_("net"))
    tax = models.BigIntegerField(_("tax"))
    total = models.BigIntegerField(_("total"))
    payment_method = models.CharField(_("paid with"), max_length=40, blank=True)
    last4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    payment_intent = models.CharField(_("payment intent"), max_length=255, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)

    class Meta(ImmutableModel.Meta):
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-created"]
        constraints = [
            models.UniqueConstraint(fields=["series", "sequence"], name="ecommerce_invoice_sequence_once"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(kind="invoice"), name="ecommerce_invoice_one_per_order"
            ),
            models.CheckConstraint(condition=Q(total=F("net") + F("tax")), name="ecommerce_invoice_adds_up"),
            models.CheckConstraint(
                condition=Q(kind="credit_note", net__lte=0, tax__lte=0)
                | (~Q(kind="credit_note") & Q(net__gte=0, tax__gte=0)),
                name="ecommerce_invoice_sign",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(ImmutableModel):
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"))
    product = models.ForeignKey(
        Product,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product"),
        help_text=_("The product may go; the rest of the line stays."),
    )
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    title = models.CharField(_("title"), max_length=400)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_code = models.CharField(_("unit"), max_length=3)
    unit_price = models.BigIntegerField(_("unit price"))
    tax_rate = models.PositiveIntegerField(_("tax rate"))
    tax_category = models.CharField(_("tax category"), max_length=1, choices=TaxCategory)
    net = models.BigIntegerField(_("net"))
    tax = models.BigIntegerField(_("tax"))
    total = models.BigIntegerField(_("total"))

    class Meta(ImmutableModel.Meta):
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "position"], name="ecommerce_invoiceline_position_once"
            ),
            models.CheckConstraint(
                condition=Q(total=F("net") + F("tax")), name="ecommerce_invoiceline_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class InvoicePDF(ImmutableModel):
    """The printed form of an invoice, made once and kept with its checksum."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="pdf")
    file = models.FileField(_("file"), storage=private_storage, upload_to="invoices/")
    sha256 = models.CharField(_("checksum"), max_length=64)

    class Meta(ImmutableModel.Meta):
        verbose_name = _("invoice PDF")
        verbose_name_plural = _("invoice PDFs")

    def __str__(self) -> str:
        return str(self.invoice)
