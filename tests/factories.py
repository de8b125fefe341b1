"""Rows for tests: plain functions that fill in whatever a test does not care about."""

from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from shopfolio.core.models import BlogPost, Profile, Testimonial
from shopfolio.ecommerce.models import (
    Cart,
    CartLine,
    Order,
    Product,
    ProductFile,
    ShopSettings,
    StripeSession,
    Variant,
)
from shopfolio.ecommerce.models.cart import CartCookie
from shopfolio.ecommerce.services import payment, stock
from shopfolio.ecommerce.services.checkout import Buyer, place_order
from shopfolio.ecommerce.services.pricing import price_cart
from shopfolio.users.roles import Role

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


ADDRESS = {
    "name": "Marta Reis", "address_line1": "Rua da Sofia 81", "postcode": "3000-391", "city": "Coimbra",
    "country": "PT",
}  # fmt: skip


def make_buyer(**fields: Any) -> Buyer:
    defaults = {"email": "marta@example.org", **ADDRESS, "accepts_terms": True}
    return Buyer(**(defaults | fields))


def make_waiting_order(*lines: tuple[Variant, int], **buyer: Any) -> Order:
    """An order that waits to be offered for payment; of one print where no lines are named."""
    cart = make_cart(*(lines or ((make_variant(), 1),)))
    return place_order(cart, buyer=make_buyer(**buyer), shown_total=price_cart(cart).total)


def make_paid_order(*lines: tuple[Variant, int], **buyer: Any) -> Order:
    """Paid by a card ending 4242, with its invoice; nothing is mailed until the jobs run."""
    order = make_waiting_order(*lines, **buyer)
    if order.paid_at:
        return order
    attempt: StripeSession = order.sessions.get()
    attempt.status, attempt.payment_method, attempt.last4 = StripeSession.Status.PAID, "card", "4242"
    attempt.session_id, attempt.payment_intent = f"cs_test_{order.number}", f"pi_{order.number}"
    attempt.paid_at = timezone.now()
    with transaction.atomic():
        attempt.save()
        payment.mark_paid(order, attempt=attempt)
    return order


def make_owner(**fields: Any) -> Any:
    """The person who runs the site; a password only where a test logs in with it."""
    return get_user_model().objects.create_superuser(
        **({"email": f"owner{next(numbers)}@example.org"} | fields)
    )


def make_staff(role: Role, **fields: Any) -> Any:
    """Somebody who has this role and is no superuser."""
    email = f"staff{next(numbers)}@example.org"
    user = get_user_model().objects.create_user(**({"email": email, "is_staff": True} | fields))
    user.groups.add(Group.objects.get(name=role))
    return user


def make_post(title: str = "", *, live: bool = True, **fields: Any) -> BlogPost:
    status = BlogPost.Status.PUBLISHED if live else BlogPost.Status.DRAFT
    return BlogPost.objects.create(title=title or f"Post {next(numbers)}", **({"status": status} | fields))


def make_file(product: Product, *, text: str = "words", **fields: Any) -> ProductFile:
    """A download of a product."""
    file = ContentFile(text.encode(), name="book.pdf")
    return ProductFile.objects.create(product=product, **({"title": "PDF", "file": file} | fields))


def carry_cart(client: Client, cart: Cart) -> None:
    """The browser's cookie leads to the cart from now on."""
    cookie = CartCookie(cart.pk, cart.count_pieces())
    client.cookies[cookie.NAME] = cookie.signer().sign(f"{cookie.cart_id}.{cookie.count}")


def make_page(model: Any, title: str = "", *, live: bool = True, **fields: Any) -> Any:
    """A row of any model with a public address."""
    status = model.Status.PUBLISHED if live else model.Status.DRAFT
    return model.objects.create(title=title or f"Page {next(numbers)}", **({"status": status} | fields))


def make_testimonial(name: str = "", **fields: Any) -> Testimonial:
    defaults = {"feedback": "She asked for the tide tables.", "status": Testimonial.Status.PUBLISHED}
    return Testimonial.objects.create(name=name or f"Client {next(numbers)}", **(defaults | fields))
