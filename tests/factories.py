"""Rows for tests: plain functions that fill in whatever a test does not care about."""

from itertools import count
from typing import Any

from shopfolio.core.models import Profile
from shopfolio.ecommerce.models import Cart, CartLine, Product, ShopSettings, Variant
from shopfolio.ecommerce.services import stock
from shopfolio.ecommerce.services.checkout import Buyer

numbers = count(1)


def make_shop(**fields: Any) -> ShopSettings:
    """A shop in Lisbon: euros, 23 % tax inside the price, delivery for 6 euros."""
    defaults = {"tax_rate": 2300, "shipping_price": 600}
    profile = {
        "name": "Ines Calder", "email": "ines@example.org", "currency": "EUR", "legal_name": "Ines Calder",
        "address_line1": "Rua da Bempostinha 27", "postcode": "1150-065", "city": "Lisboa", "country": "PT",
        "tax_id": "PT298114760",
    }  # fmt: skip
    Profile.objects.update_or_create(pk=Profile.ID, defaults=profile)
    return ShopSettings.objects.update_or_create(pk=ShopSettings.ID, defaults=defaults | fields)[0]


def make_product(title: str = "", *, live: bool = True, **fields: Any) -> Product:
    status = Product.Status.PUBLISHED if live else Product.Status.DRAFT
    return Product.objects.create(title=title or f"Print {next(numbers)}", **({"status": status} | fields))


def make_variant(product: Product | None = None, *, available: int | None = 10, **fields: Any) -> Variant:
    """available: entered through the ledger; None is unlimited."""
    defaults: dict[str, Any] = {"sku": f"SKU-{next(numbers)}", "price": 14_000, "kind": Variant.Kind.PHYSICAL}
    if available is not None:
        defaults["available"] = 0
    variant = Variant.objects.create(product=product or make_product(), **(defaults | fields))
    if available:
        stock.receive(variant.pk, available)
        variant.refresh_from_db()
    return variant


def make_cart(*lines: tuple[Variant, int]) -> Cart:
    cart = Cart.objects.create()
    for variant, quantity in lines:
        CartLine.objects.create(cart=cart, variant=variant, quantity=quantity)
    return cart


def make_buyer(**fields: Any) -> Buyer:
    defaults = {
        "email": "marta@example.org", "name": "Marta Reis", "address_line1": "Rua da Sofia 81",
        "postcode": "3000-391", "city": "Coimbra", "country": "PT", "accepts_terms": True,
    }  # fmt: skip
    return Buyer(**(defaults | fields))


