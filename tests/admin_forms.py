"""The back office's forms, as a browser fills them in."""

from django.forms import MultiWidget
from django.urls import reverse

from shopfolio.ecommerce.models import Product


def change_page(product: Product) -> str:
    return reverse("admin:ecommerce_product_change", args=[product.pk])


def filled_in(page) -> dict[str, str]:
    """What a browser would send back for the form as it was shown."""
    forms = [page.context["adminform"].form]
    for inline in page.context.get("inline_admin_formsets", []):
        forms += [inline.formset.management_form, *inline.formset.forms]
    sent = {}
    for bound in (bound for form in forms for bound in form):
        for name, value in widgets_of(bound):
            sent[name] = str(value)
            if bound.field.show_hidden_initial:
                sent[bound.html_initial_name] = str(value)
    return sent


def widgets_of(bound) -> list[tuple[str, object]]:
    value = bound.value()
    if isinstance(bound.field.widget, MultiWidget):
        parts = bound.field.widget.decompress(value)
        return [(f"{bound.html_name}_{n}", "" if part is None else part) for n, part in enumerate(parts)]
    if value is False:
        return []  # an empty tick box is not sent
    return [(bound.html_name, value if value or value == 0 else "")]
