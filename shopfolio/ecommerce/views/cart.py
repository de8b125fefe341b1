from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from shopfolio.ecommerce.exceptions import ShopError
from shopfolio.ecommerce.forms import AddToCartForm, CartForm
from shopfolio.ecommerce.models import Cart, CartLine, Order
from shopfolio.ecommerce.models.cart import CartCookie
from shopfolio.ecommerce.services.cart import add_to_cart, carry_over, cart_for, set_quantity
from shopfolio.ecommerce.services.pricing import PricedLine, Totals, price_cart
from shopfolio.ecommerce.views.catalog import find_product, show_product
from shopfolio.lib.http import SeeOther, is_htmx, who_is
from shopfolio.users.limits import MINUTE, Limits

CART = Limits("cart", per_network={MINUTE: 600})


@never_cache
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    return show_cart(request, Cart.of(request))


@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    product = find_product(request, slug)
    form = AddToCartForm(request.POST, variants=product.variants_on_sale)
    if not form.is_valid():
        return not_added(request, slug, form)
    try:
        with transaction.atomic():
            CART.count(request)
            cart = Cart.of(request) or cart_for(who_is(request))
            add_to_cart(cart, variant=form.cleaned_data["variant"], quantity=form.cleaned_data["quantity"])
    except ShopError as error:
        form.add_error(None, error.message)
        return not_added(request, slug, form)
    except IntegrityError:  # at the commit: somebody deleted the variant meanwhile
        form.add_error(None, _("%(name)s is no longer offered.") % {"name": form.cleaned_data["variant"]})
        return not_added(request, slug, form)
    return added(request, cart, form) if is_htmx(request) else back_to(cart)


def added(request: HttpRequest, cart: Cart, form: AddToCartForm) -> HttpResponse:
    """For htmx: a sentence for the live region, and the cart's link with its new number."""
    context = {
        "name": str(form.cleaned_data["variant"]),
        "quantity": form.cleaned_data["quantity"],
        "count": cart.count_pieces(),
    }
    response = render(request, "ecommerce/_added.html", context)
    cart.remember_in(response)
    return response


def not_added(request: HttpRequest, slug: str, form: AddToCartForm) -> HttpResponse:
    if not is_htmx(request):
        return show_product(request, slug, form=form, status=422)
    errors = [message for messages in form.errors.values() for message in messages]
    return render(request, "ecommerce/_added.html", {"errors": errors}, status=422)


@require_POST
def update(request: HttpRequest) -> HttpResponse:
    cart = Cart.of(request)
    if cart is None:
        return SeeOther(reverse("ecommerce:cart"))
    CART.count(request)
    lines = list(cart.lines.select_related("variant__product"))
    form = CartForm(request.POST, lines=lines)
    if removed := request.POST.get("remove"):
        return remove(request, cart, lines, removed)
    if not form.is_valid():
        return show_cart(request, cart, form=form, status=422)
    with transaction.atomic():
        for line in lines:
            if (quantity := form.quantity_of(line)) is not None:
                set_quantity(line, quantity=quantity)
    return changed(request, cart, said=_("The cart is changed."))


def remove(request: HttpRequest, cart: Cart, lines: list[CartLine], key: str) -> HttpResponse:
    """Take out the line of this key; the focus goes on to the one that takes its place."""
    place = next((place for place, line in enumerate(lines) if str(line.pk) == key), None)
    if place is None:
        return changed(request, cart, said="")
    gone = lines.pop(place)
    set_quantity(gone, quantity=0)
    focus = lines[min(place, len(lines) - 1)].pk if lines else None
    said = _("%(name)s is out of the cart.") % {"name": gone.variant}
    return changed(request, cart, said=said, focus=focus)


def changed(request: HttpRequest, cart: Cart, **told: Any) -> HttpResponse:
    """told: what htmx puts into the page: the sentence for the live region, and which line has the focus."""
    if not is_htmx(request):
        return back_to(cart)
    response = show_cart(request, cart, **told)
    cart.remember_in(response)
    return response


def bring_along(request: HttpRequest, response: HttpResponse, user: Any) -> None:
    """At the login: the account's cart is this browser's from now on, with what it held before."""
    if cart := carry_over(Cart.of_browser(request), user=user):
        cart.remember_in(response)


def back_to(cart: Cart) -> HttpResponse:
    response = SeeOther(reverse("ecommerce:cart"))
    cart.remember_in(response)
    return response


@dataclass(frozen=True)
class Row:
    """A line of the cart as it is shown."""

    priced: PricedLine
    field: BoundField
    problem: str

    @property
    def is_full(self) -> bool:
        return self.priced.quantity == CartLine.MOST


def show_cart(
    request: HttpRequest, cart: Cart | None, *, form: CartForm | None = None, status: int = 200, **told: Any
) -> HttpResponse:
    """told: what htmx says beside it."""
    layout = "ecommerce/_cart_changed.html" if is_htmx(request) else "ecommerce/cart.html"
    if cart is None:
        response = render(request, layout, told | {"rows": []}, status=status)
        if CartCookie.NAME in request.COOKIES:  # after a logout it leads to a closed one
            Cart.forget_in(response)
        return response
    totals = price_cart(cart)
    waiting = cart.orders.filter(status__in=[Order.Status.DRAFT, Order.Status.AWAITING_PAYMENT]).first()
    rows = rows_of(totals, form, waiting)
    needs_change = any(row.problem for row in rows)
    context = {"rows": rows, "totals": totals, "waiting": waiting, "form": form, "needs_change": needs_change}
    count = sum(line.quantity for line in totals.lines)
    context |= told | {"count": count}
    response = render(request, layout, context, status=status)
    renew_badge(request, response, cart, count)
    return response


def rows_of(totals: Totals, form: CartForm | None, waiting: Order | None) -> list[Row]:
    lines = [line.cart_line for line in totals.lines if line.cart_line]
    form = form or CartForm(None, lines=lines)
    held = held_for(waiting) if waiting else {}
    rows = []
    for line, priced in zip(lines, totals.lines, strict=True):
        is_held = priced.variant is not None and held.get(priced.variant.pk, 0) >= priced.quantity
        rows.append(Row(priced, form[CartForm.name_of(line)], "" if is_held else priced.problem))
    return rows


def held_for(order: Order) -> dict[UUID | None, int]:
    """What the order keeps off the shelf: its own buyer must not be told that it is sold out."""
    lines = order.lines.exclude(variant=None).order_by().values_list("variant").annotate(Sum("quantity"))
    return dict(lines)


def renew_badge(request: HttpRequest, response: HttpResponse, cart: Cart, count: int) -> None:
    """The cart may have been emptied elsewhere, by a payment in another window."""
    cookie = CartCookie.read(request)
    if cookie and cookie.count != count:
        CartCookie(cart.pk, count).write(response)
