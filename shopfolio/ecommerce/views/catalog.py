from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from shopfolio.core.pages import list_page, shown_to
from shopfolio.core.whole_pages import public_page
from shopfolio.ecommerce.filters import PARAMETERS, ProductFilter
from shopfolio.ecommerce.forms import AddToCartForm
from shopfolio.ecommerce.models import Product, Variant
from shopfolio.ecommerce.models.listing import MOST_BESIDE, ProductQuerySet
from shopfolio.ecommerce.models.settings import shop_settings

PAGE_SIZE = 24


@public_page("page", *PARAMETERS)
@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    chosen = ProductFilter.of(request)
    shown = Product.objects.for_list().sorted_by(chosen.sort)
    paging = list_page(request, chosen.products, shown=shown, size=PAGE_SIZE)
    context = {
        "products": paging.rows,
        "paging": paging,
        "chosen": chosen,
        "query": chosen.query,
        "address_query": chosen.address if chosen.is_narrowed else paged(chosen.address, paging.number),
        "settings": shop_settings(),
    }
    return render(request, "ecommerce/shop.html", context)


def paged(query: str, number: int) -> str:
    return "&".join(part for part in (query, f"page={number}" if number > 1 else "") if part)


@public_page()
@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    return show_product(request, slug)


def nearest(product: Product, others: list[Product]) -> list[Product]:
    """From the same case study first, then in the owner's order."""
    beside = [each for each in others if each.pk != product.pk]
    beside.sort(key=lambda each: product.project_id is None or each.project_id != product.project_id)
    return beside[:MOST_BESIDE]


def find_product(request: HttpRequest, slug: str) -> Product:
    found = with_all(shown_to(request, Product.objects.all())).filter(slug=slug)
    product: Product | None = None if "\x00" in slug else found.first()
    if product is None:
        raise Http404
    return product


def with_all(products: ProductQuerySet) -> ProductQuerySet:
    """With all that a product's page tells of it."""
    return products.select_related("project").prefetch_related("variants", "images")


def show_product(
    request: HttpRequest, slug: str, *, form: AddToCartForm | None = None, status: int = 200
) -> HttpResponse:
    shown = shown_to(request, Product.objects.all())
    found = [] if "\x00" in slug else list(with_all(shown.with_beside(slug)))
    product = next((each for each in found if each.slug == slug), None)
    if product is None:
        raise Http404
    context: dict[str, Any] = {"page": product, "product": product, "form": form, "settings": shop_settings()}
    context["beside"] = nearest(product, found)
    context["variants"] = variants = product.variants_on_sale
    context["needs_address"] = any(variant.is_sent for variant in variants)
    context["has_downloads"] = any(variant.kind == Variant.Kind.DIGITAL for variant in variants)
    context["chosen"] = chosen_variant(product, form)
    response = render(request, "ecommerce/product.html", context, status=status)
    if not product.is_live:
        add_never_cache_headers(response)
    return response


def chosen_variant(product: Product, form: AddToCartForm | None) -> str:
    """The key of the choice that is ticked: what the visitor chose, else the first that can be had."""
    if form and (typed := form["variant"].value()):
        return str(typed)
    return next((str(variant.pk) for variant in product.variants_on_sale if not variant.is_sold_out), "")
