from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import (
    PageAdmin,
    ReadOnlyAdmin,
    SingletonAdmin,
    SortedForm,
    SortedPictures,
    SortedRows,
    row_link,
)
from shopfolio.ecommerce.admin.fields import MoneyFieldsMixin, currency, shown_money
from shopfolio.ecommerce.admin.stock_ledger import StockLedger
from shopfolio.ecommerce.exceptions import SoldOut
from shopfolio.ecommerce.models import (
    Product,
    ProductFile,
    ProductImage,
    ShopSettings,
    StockMovement,
    Variant,
)
from shopfolio.ecommerce.services.stock import lock_variants
from shopfolio.ecommerce.services.stocktaking import believe_shelf, differing, take_stock
from shopfolio.users import audit

MOST_BYTES_OF_A_DOWNLOAD = 500_000_000


SHOP_WORDS: dict[str, tuple[Any, Any]] = {
    "prices_include_tax": (_("My prices include tax"), _("What you type as a price is what a buyer pays.")),
    "tax_category": (_("How your goods are taxed"), _("A product may say otherwise.")),
    "tax_note": ("", _("The law that exempts you, word for word.")),
    "shipping_price": (_("Delivery costs"), ""),
    "ships_to": (_("Where you deliver"), ""),
    "low_stock": (
        _("Few are left from"),
        _("With so many pieces or fewer, the shop says that few are left."),
    ),
    "invoice_prefix": ("", _("INV makes INV-2026-0001. The next number follows by itself.")),
    "credit_note_prefix": ("", _("CN makes CN-2026-0001.")),
    "invoice_footer": ("", _("Such as your bank account or a word of thanks.")),
}


@admin.register(ShopSettings)
class ShopSettingsAdmin(MoneyFieldsMixin, SingletonAdmin):
    words = SHOP_WORDS
    money_fields = ("shipping_price", "shipping_free_from")
    fieldsets = [
        (_("Tax"), {"fields": ["prices_include_tax", ("tax_rate", "tax_category"), "tax_note"]}),
        (_("Delivery"), {"fields": [("shipping_price", "shipping_free_from"), "ships_to"]}),
        (_("Stock"), {"fields": ["low_stock"]}),
        (_("Invoices"), {"fields": [("invoice_prefix", "credit_note_prefix"), "invoice_footer"]}),
    ]

    def save_model(self, request: HttpRequest, obj: ShopSettings, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data:
            audit.record("shop", by=request.user, note=", ".join(form.changed_data))  # type: ignore[arg-type]


UNITS: dict[str, Any] = {
    "C62": _("piece"),
    "HUR": _("hour"),
    "DAY": _("day"),
    "MON": _("month"),
    "KGM": _("kilogram"),
    "MTR": _("metre"),
}
"""What invoices have a word for, by the codes that their files for machines want (UN/ECE 20)."""


class VariantForm(SortedForm):
    """`on_shelf` stands for `available`: the figure only moves together with the ledger."""

    on_shelf = forms.IntegerField(
        label=_("Available"),
        required=False,
        min_value=0,
        max_value=1_000_000,
        help_text=_("Empty: unlimited."),
        # What the owner saw comes back with the form, so that pieces sold meanwhile stay sold.
        show_hidden_initial=True,
    )

    class Meta:
        model = Variant
        fields = ["title", "sku", "price", "kind", "unit_code", "status", "position"]
        labels: ClassVar = {"sku": _("Article number")}
        help_texts: ClassVar = {
            "sku": _("Your own, for invoices and the shelf, such as TIDE-30."),
            "unit_code": "",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = {self.instance.unit_code: self.instance.unit_code}
        self.fields["unit_code"].widget = forms.Select(choices=list((others | UNITS).items()))
        self.initial.setdefault("on_shelf", self.instance.available)

    def save(self, commit: bool = True) -> Variant:
        if not commit or self.instance._state.adding:
            super().save(commit)
            return self.variant
        # Never the whole row: a sale may have moved the figure since it was read.
        self.instance.save(update_fields={*self.changed_data} - {"on_shelf"})
        return self.variant

    @property
    def variant(self) -> Variant:
        variant: Variant = self.instance
        return variant

    def take_stock(self, *, by: Any) -> None:
        """Raises SoldOut when more would go than is there."""
        if "on_shelf" not in self.changed_data:
            return
        field = self.fields["on_shelf"]
        seen = self.data.get(self["on_shelf"].html_initial_name, "")
        take_stock(
            self.instance.pk,
            shown=field.to_python(seen),
            counted=self.cleaned_data["on_shelf"],
            note=gettext("Counted"),
            by=by,
        )


class VariantInline(MoneyFieldsMixin, SortedRows):
    model = Variant
    form = VariantForm
    money_fields = ("price",)
    min_num = 1
    fields = ["title", "sku", "price", "on_shelf", "kind", "unit_code", "status", "position"]


class ProductImageInline(SortedPictures):
    model = ProductImage
    verbose_name_plural = _("more pictures")
    fields = ["image", ("image_x", "image_y"), "alt", "caption", "position"]


class ProductFileForm(SortedForm):
    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if "file" in self.changed_data and file.size > MOST_BYTES_OF_A_DOWNLOAD:
            raise forms.ValidationError(_("The file is larger than 500 MB."))
        return file

    def clean_filename(self) -> str:
        """In one line: it goes into a header."""
        return " ".join(self.cleaned_data["filename"].split())


class ProductFileInline(SortedRows):
    model = ProductFile
    form = ProductFileForm
    fields = ["title", "file", "filename", "status", "position"]


@admin.register(Product)
class ProductAdmin(MoneyFieldsMixin, StockLedger, PageAdmin):
    list_display = ["title", "state", "prices", "stock", "position", "on_site"]
    inlines = [VariantInline, ProductImageInline, ProductFileInline]
    actions = [*PageAdmin.actions, "believe_shelf"]
    row_actions = [*PageAdmin.row_actions, "believe_shelf"]
    more_fieldsets: ClassVar[list[Any]] = [
        (
            _("In the shop"),
            {"fields": [("on_sale_from", "position"), ("tax_rate", "tax_category"), "project"]},
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        variants = Prefetch("variants", Variant.objects.order_by("position", "created"))
        return super().get_queryset(request).prefetch_related(variants)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is sold before how it is shown; the project only for whoever may look for one."""
        text, shop, publication, picture, engines = super().get_fieldsets(request, obj)
        fieldsets = [text, picture, shop, publication, engines]
        if request.user.has_perm("core.view_project"):
            return fieldsets
        return [
            (heading, options | {"fields": [name for name in options["fields"] if name != "project"]})
            for heading, options in fieldsets
        ]

    def row_actions_for(self, request: HttpRequest, row: Any) -> list[str]:
        differs = differing().filter(product=row).exists()
        return [*super().row_actions_for(request, row), *(["believe_shelf"] if differs else [])]

    @admin.action(description=_("The figures of the shelf are right"), permissions=["change"])
    def believe_shelf(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        keys, note = products.values_list("pk", flat=True), gettext("Put right")
        corrected = sum(believe_shelf(key, note=note, by=request.user) for key in keys)
        said = ngettext("%(count)d figure written down.", "%(count)d figures written down.", corrected)
        self.message_user(request, said % {"count": corrected})

    @admin.display(description=_("price"))
    def prices(self, product: Product) -> str:
        lowest = product.price_from
        if lowest is None:
            return "–"
        shown = shown_money(lowest, currency())
        return shown if product.has_one_price else gettext("from %(price)s") % {"price": shown}

    @admin.display(description=_("stock"))
    def stock(self, product: Product) -> str:
        status = product.inventory_status
        figures = [variant.available for variant in product.variants_on_sale]
        left = sum(pieces for pieces in figures if pieces)
        return f"{status.label}, {left}" if left and None not in figures else str(status.label)

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        if change:
            lock_variants(obj)
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        if formset.model is not Variant:
            return
        for variant_form in formset.forms:
            if variant_form in formset.deleted_forms or not variant_form.has_changed():
                continue
            try:
                variant_form.take_stock(by=request.user)
            except SoldOut as error:
                self.message_user(request, error.message, messages.ERROR)


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    list_display = ["created", "variant", "kind", "quantity", "order_link", "note", "by"]
    list_filter = ["kind"]
    list_select_related = ["variant__product", "order", "by"]
    search_fields = ["variant__sku", "variant__product__title", "order__number", "note"]
    date_hierarchy = "created"
    fields = ["created", "variant", "kind", "quantity", "order_link", "note", "by"]
    readonly_fields = ["order_link"]

    @admin.display(description=_("order"), ordering="order__number")
    def order_link(self, movement: StockMovement) -> str:
        return row_link(movement.order)
