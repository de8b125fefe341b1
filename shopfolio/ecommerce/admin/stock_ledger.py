"""A product's stock ledger in the back office, and what may be written into it with a reason."""

from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shopfolio.abstract_admin import PageAdmin
from shopfolio.ecommerce.exceptions import SoldOut
from shopfolio.ecommerce.models import Product, StockMovement, Variant
from shopfolio.ecommerce.services import stock

LATEST = 12
"""Movements that a product's page shows."""


class VariantField(forms.ModelChoiceField[Variant]):
    def label_from_instance(self, variant: Any) -> str:
        left = _("%(left)s on the shelf") % {"left": variant.available}
        return f"{variant.title or variant.sku}: {left}"


class MovementForm(forms.Form):
    """Of the variants that are counted."""

    variant = VariantField(queryset=Variant.objects.none(), label=gettext_lazy("Choice"), empty_label=None)
    kind = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        choices=[
            ("received", gettext_lazy("More came in")),
            ("gone", gettext_lazy("Some are gone: broken, lost, given away")),
            ("found", gettext_lazy("Some turned up")),
        ],
    )
    quantity = forms.IntegerField(label=gettext_lazy("Pieces"), min_value=1, max_value=1_000_000)
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=255, help_text=gettext_lazy("Stands in the ledger for good.")
    )

    def __init__(self, data: Any = None, *, product: Product) -> None:
        super().__init__(data, auto_id="move_%s", label_suffix="")
        counted = product.variants.exclude(available=None).order_by("position", "created")
        self.fields["variant"].queryset = counted  # type: ignore[attr-defined]
        self.has_choices = counted.exists()

    def move(self, *, by: Any) -> None:
        """Raises SoldOut when more would go than is there."""
        said, quantity = self.cleaned_data, self.cleaned_data["quantity"]
        if said["kind"] == "received":
            stock.receive(said["variant"].pk, quantity, note=said["reason"], by=by)
        else:
            change = quantity if said["kind"] == "found" else -quantity
            stock.correct(said["variant"].pk, change, note=said["reason"], by=by)


class StockLedger(PageAdmin):
    """For the product's admin: the ledger below its form, with a form of its own."""

    change_form_template = "admin/ecommerce/product.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.move)
        return [path("<path:object_id>/stock/", view, name="ecommerce_product_stock"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        product: Product | None = kwargs.get("obj")
        if product and request.user.has_perm("ecommerce.view_stockmovement"):
            form = MovementForm(product=product)
            may_move = self.has_change_permission(request, product) and form.has_choices
            context["shelf"] = {
                "movements": latest_movements(product),
                "form": form if may_move else None,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form of the product's page, and alone where something in it is wrong."""
        product = self.get_object(request, unquote(object_id))
        if product is None:
            raise Http404
        if not self.has_change_permission(request, product):
            raise PermissionDenied
        form = MovementForm(request.POST if request.method == "POST" else None, product=product)
        if form.is_valid() and self.has_moved(request, form):
            return redirect("admin:ecommerce_product_change", product.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Stock of %(product)s") % {"product": product},
            "opts": self.opts,
            "row": product,
            "form": form,
            "button": _("Write into the ledger"),
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/ask.html", context, status=status)

    def has_moved(self, request: HttpRequest, form: MovementForm) -> bool:
        try:
            form.move(by=request.user)
        except SoldOut as error:
            form.add_error("quantity", error.message)
            return False
        self.message_user(request, _("Written into the ledger."))
        return True


def latest_movements(product: Product) -> list[StockMovement]:
    movements = StockMovement.objects.filter(variant__product=product)
    return list(movements.select_related("variant", "order", "by").order_by("-created")[:LATEST])
