import re
from dataclasses import dataclass
from typing import Any

from django import template
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from shopfolio.core.models import Policy, Project
from shopfolio.core.search import Hit
from shopfolio.core.services import site
from shopfolio.ecommerce.models import Product, Variant
from shopfolio.ecommerce.models.cart import CartCookie
from shopfolio.ecommerce.models.settings import shop_settings
from shopfolio.ecommerce.models.stock import COUNTED_UP_TO
from shopfolio.lib import locales
from shopfolio.lib.money import format_money

register = template.Library()


@register.filter
def money(amount: int, currency: str) -> str:
    return format_money(amount, currency, site().profile.language)


@register.filter
def first_sentence(text: str) -> str:
    """As a label wants it: short, and without its full stop."""
    return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0].removesuffix(".")


@register.simple_tag(takes_context=True)
def cart_count(context: dict[str, Any]) -> int:
    """From the cookie alone: every page shows it."""
    request = context.get("request")
    cookie = CartCookie.read(request) if request else None
    return cookie.count if cookie else 0


@register.inclusion_tag("ecommerce/_featured.html", takes_context=True)
def featured_products(context: dict[str, Any], most: int = 4) -> dict[str, Any]:
    shelf = Product.objects.live().for_list()[: 2 * most]
    to_be_had = [each for each in shelf if each.inventory_status != Product.InventoryStatus.SOLD_OUT]
    return {"products": hung(to_be_had[:most]), "site": context.get("site")}


def hung(products: list[Product]) -> list[Product]:
    """The wall's second place is its widest: a wide picture goes there."""
    wide = next((each for each in products if (each.image_width or 0) > (each.image_height or 0)), None)
    if wide is None or len(products) < 2:
        return products
    others = [each for each in products if each is not wide]
    return [others[0], wide, *others[1:]]


@register.inclusion_tag("ecommerce/_made_from.html", takes_context=True)
def made_from(context: dict[str, Any], project: Project) -> dict[str, Any]:
    """What came of a case study and is sold; in one query."""
    products = Product.objects.live().filter(project=project).defer("body")
    return {"products": list(products[:2]), "site": context.get("site")}


@dataclass(frozen=True)
class Prices:
    """Of a product, as its label names them."""

    price_from: int
    has_one_price: bool


@register.simple_tag
def with_prices(hits: list[Hit]) -> list[tuple[Hit, Prices | None]]:
    """What the search found, each product with what it costs; one query if there is any."""
    products = [hit.page for hit in hits if hit.model is Product]
    if not products:
        return [(hit, None) for hit in hits]
    on_sale = Variant.objects.filter(product__in=products, status=Variant.Status.ON_SALE).order_by()
    rows = on_sale.values_list("product").annotate(Min("price"), Max("price"))
    prices = {product: Prices(least, least == most) for product, least, most in rows}
    return [(hit, prices.get(hit.page)) for hit in hits]


@dataclass(frozen=True)
class StockLabel:
    tone: str
    word: str


@register.inclusion_tag("ecommerce/_status.html")
def product_status(product: Product) -> dict[str, Any]:
    return {"label": label_of_product(product)}


@register.inclusion_tag("ecommerce/_status.html")
def variant_status(variant: Variant) -> dict[str, Any]:
    return {"label": label_of_variants([variant])}


def label_of_product(product: Product) -> StockLabel:
    if product.inventory_status == Product.InventoryStatus.COMING:
        return StockLabel("open", _("Coming soon"))
    return label_of_variants(product.variants_on_sale)


def label_of_variants(variants: list[Variant]) -> StockLabel:
    if any(variant.available is None for variant in variants):
        return label_of_unlimited({variant.kind for variant in variants})
    left = sum(variant.available or 0 for variant in variants)
    if left == 0:
        return StockLabel("gone", _("Sold out"))
    tone = "warn" if left <= shop_settings().low_stock else "good"
    return StockLabel(tone, _("%(count)s left") % {"count": left} if left <= COUNTED_UP_TO else _("In stock"))


def label_of_unlimited(kinds: set[str]) -> StockLabel:
    if kinds == {Variant.Kind.DIGITAL}:
        return StockLabel("good", _("Download"))
    if kinds == {Variant.Kind.SERVICE}:
        return StockLabel("open", _("By appointment"))
    return StockLabel("good", _("In stock"))


@register.simple_tag
def policy(slug: str) -> Policy | None:
    """One of the owner's policies, where there is one of that address."""
    return next((policy for policy in site().policies if policy.slug == slug), None)


@register.simple_tag
def tax_note(product: Product) -> str:
    """What the law wants beside a price."""
    settings = shop_settings()
    rate = settings.tax_rate if product.tax_rate is None else product.tax_rate
    if not rate:
        return settings.tax_note or _("No VAT is charged.")
    words = _("Price with %(rate)s VAT.") if settings.prices_include_tax else _("%(rate)s VAT is added.")
    return words % {"rate": locales.format_percent(rate, site().profile.language)}


@register.filter
def language_name(code: str) -> str:
    return locales.language_name(code, site().profile.language)


@register.filter
def country_name(code: str) -> str:
    return locales.country_name(code, site().profile.language)
