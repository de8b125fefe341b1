from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shopfolio.core.services import site
from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import (
    PaymentUnavailable,
    PriceChanged,
    ShopError,
    SoldOut,
    TooManyAddresses,
)
from shopfolio.ecommerce.forms import AddressFields, CheckoutForm
from shopfolio.ecommerce.models import Cart, Order, StripeSession
from shopfolio.ecommerce.models.cart import CartCookie
from shopfolio.ecommerce.models.settings import shop_settings
from shopfolio.ecommerce.services.addresses import keep_address
from shopfolio.ecommerce.services.checkout import SESSION_ID, start_checkout
from shopfolio.ecommerce.services.payment import settle
from shopfolio.ecommerce.services.pricing import Totals, price_cart
from shopfolio.lib.http import SeeOther, form_page, who_is
from shopfolio.users.limits import HOUR, MINUTE, Limits, TooMany

PATIENCE = 6
"""How often the page after paying looks again before it says that this takes long."""
CHECKOUT = Limits(
    "checkout",
    per_network={MINUTE: 300, HOUR: 2_000},
    per_address={HOUR: 60},
    for_all={MINUTE: 2_000, HOUR: 20_000},
)
"""The address is the account's key, of whom there is one."""
FREE = Limits("free", per_network={HOUR: 20}, per_region={HOUR: 100}, for_all={HOUR: 200})
"""Orders that cost nothing: each sends a mail, and no bank looks at who it is."""


@never_cache
@form_page
def checkout(request: HttpRequest) -> HttpResponse:
    cart = Cart.of(request)
    totals = price_cart(cart) if cart else None
    if cart is None or totals is None or not totals.lines:
        return SeeOther(reverse("ecommerce:cart"))
    user = who_is(request)
    if request.method != "POST":
        start = as_known(user) | as_last_time(cart, user) | as_chosen(user, request.GET.get("address", ""))
        return show_form(request, checkout_form(totals, initial=start, user=user), totals)
    form = checkout_form(totals, request.POST, user=user)
    if not form.is_valid():
        return show_form(request, form, totals, status=422)
    try:
        (CHECKOUT if totals.total else FREE).count(request, address=str(user.pk) if user else "")
        shown = form.cleaned_data["total"]
        if form.cleaned_data.get("keep_address"):
            with suppress(TooManyAddresses):  # no reason not to sell
                keep_address(user, fields=form.address())
        return SeeOther(start_checkout(cart, buyer=form.buyer(), shown_total=shown, user=user))
    except ShopError as error:
        status = 503 if isinstance(error, PaymentUnavailable) else 422
        return show_form(request, form, price_cart(cart), refusal=error, status=status)
    except TooMany as error:
        return show_form(request, form, totals, refusal=error, status=429)


@never_cache
@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """Where Stripe sends the buyer: the address proves nothing, so Stripe is asked."""
    attempt, looked = find_attempt(request), times_looked(request)
    if attempt.status == StripeSession.Status.OPEN:
        try:
            settle(attempt.session_id or "", timeout=gateway.BRIEFLY)
        except PaymentUnavailable:
            return show_waiting(request, attempt, looked)
    order = Order.objects.get(pk=attempt.order_id)
    if order.status in {Order.Status.DRAFT, Order.Status.AWAITING_PAYMENT} and looked < PATIENCE:
        return show_waiting(request, attempt, looked)
    response = SeeOther(way_to(order))
    renew_cart(request, response, order)
    return response


@never_cache
@require_safe
def cancelled(request: HttpRequest) -> HttpResponse:
    # Stripe documents the placeholder for the way back after paying; should it stay unfilled here, the
    # buyer still reads what is so.
    unfilled = request.GET.get("session_id") == SESSION_ID
    order = None if unfilled else find_attempt(request).order
    if order and (order.paid_at or order.status in {Order.Status.PROCESSING, Order.Status.REVIEW}):
        return SeeOther(way_to(order))
    return render(request, "ecommerce/cancelled.html", {"order": order})


def way_to(order: Order) -> str:
    """The address that leads back from Stripe is as old as the order: it gives no newer link away."""
    return order.get_absolute_url() if order.link_version == 1 else reverse("ecommerce:find")


def checkout_form(
    totals: Totals, data: Any = None, *, initial: dict[str, Any] | None = None, user: Any = None
) -> CheckoutForm:
    profile = site().profile
    start = {"country": profile.country if totals.needs_address else ""}
    return CheckoutForm(
        data,
        totals=totals,
        ships_to=shop_settings().ships_to,
        language=profile.language,
        initial=start | (initial or {}),
        may_keep=user is not None,
    )


def show_form(
    request: HttpRequest,
    form: CheckoutForm,
    totals: Totals,
    *,
    refusal: ShopError | TooMany | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "totals": totals,
        "addresses": who_is(request) and who_is(request).addresses.all(),
        "refusal": refusal,
        "has_address": any(form[name].value() for name in ("address_line1", "postcode", "city")),
        "is_sold_out": isinstance(refusal, SoldOut),
        "is_price_changed": isinstance(refusal, PriceChanged),
    }
    response = render(request, "ecommerce/checkout.html", context, status=status)
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.seconds)
    elif isinstance(refusal, PaymentUnavailable):
        response["Retry-After"] = "60"
    return response


def show_waiting(request: HttpRequest, attempt: StripeSession, looked: int) -> HttpResponse:
    """A page that looks again by itself: at first every moment, then it says that this takes long."""
    takes_long = looked >= PATIENCE
    again = urlencode({"session_id": attempt.session_id, "looked": looked + 1})
    context = {
        "order": attempt.order,
        "takes_long": takes_long,
        "again": f"?{again}",
        "refresh": 20 if takes_long else 3,
    }
    return render(request, "ecommerce/waiting.html", context)


def times_looked(request: HttpRequest) -> int:
    looked = request.GET.get("looked", "")
    return int(looked) if looked.isascii() and looked.isdigit() and len(looked) < 4 else 0


def as_known(user: Any) -> dict[str, Any]:
    """What somebody's account tells of them, with the address that comes first."""
    if user is None:
        return {}
    start = {"email": user.email, "name": user.get_full_name(), "phone": user.phone, "company": user.company}
    start |= user.addresses.filter(comes_first=True).values(*AddressFields.base_fields).first() or {}
    return {name: value for name, value in start.items() if value}


def as_chosen(user: Any, address_id: str) -> dict[str, Any]:
    """Another one of their addresses."""
    chosen = [address for address in user.addresses.all() if str(address.pk) == address_id] if user else []
    return {name: getattr(address, name) for address in chosen for name in AddressFields.base_fields}


def as_last_time(cart: Cart, user: Any) -> dict[str, Any]:
    """What the buyer wrote before turning back at the pay page; what an account ordered, to it alone."""
    names = set(CheckoutForm.base_fields) & {field.name for field in Order._meta.fields} - {"total"}
    last = cart.orders.order_by("-created").values("user", *names).first() or {}
    if last.pop("user", None) not in {None, user and user.pk}:
        return {}
    return {name: value for name, value in last.items() if value}


def find_attempt(request: HttpRequest) -> StripeSession:
    session_id = request.GET.get("session_id", "")
    attempts = StripeSession.objects.select_related("order")
    attempt = None if "\x00" in session_id else attempts.filter(session_id=session_id).first()
    if attempt is None:
        raise Http404
    return attempt


def renew_cart(request: HttpRequest, response: HttpResponse, order: Order) -> None:
    """What was bought has left the cart: the badge says so at once."""
    cookie = CartCookie.read(request)
    if order.cart and cookie and cookie.cart_id == order.cart_id:
        order.cart.remember_in(response)
