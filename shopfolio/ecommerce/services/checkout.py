"""From a cart to a page where it can be paid."""

import time
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import (
    KeySpent,
    PaymentUnavailable,
    PriceChanged,
    SessionRefused,
    SessionUnknown,
    ShopError,
    SoldOut,
    StripeIsAtIt,
)
from shopfolio.ecommerce.gateway import SessionState
from shopfolio.ecommerce.models import Cart, Order, OrderEvent, OrderLine, StripeSession
from shopfolio.ecommerce.services import payment, stock
from shopfolio.ecommerce.services.pricing import Totals, price_cart
from shopfolio.lib.http import absolute_url
from shopfolio.lib.money import MINIMUM, format_money
from shopfolio.tasks.outbox import enqueue

SESSION_LIFE = timedelta(minutes=35)
"""Stripe takes no session shorter than 30 minutes; the rest is for slow networks and our own retries."""

ASK_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    SESSION_LIFE + timedelta(seconds=30),
)

STRIPE_LINES = 99

SESSION_ID = "{CHECKOUT_SESSION_ID}"
"""What Stripe fills in, in the addresses that lead back."""


@dataclass(frozen=True)
class Buyer:
    """Who buys, as written in the checkout form."""

    email: str
    name: str
    company: str = ""
    tax_id: str = ""
    phone: str = ""
    address_line1: str = ""
    address_line2: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    language: str = "en"
    accepts_terms: bool = False
    waives_withdrawal: bool = False

    def on_order(self) -> dict[str, str]:
        consents = {"accepts_terms", "waives_withdrawal"}
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in consents}


class BeginAgain(SessionRefused):
    """Nothing is wrong with the request: under another key it may well be taken."""


class AnotherOrderOpen(Exception):
    """The cart has an order that waits for payment, but for something else."""

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        self.order = order


def start_checkout(cart: Cart, *, buyer: Buyer, shown_total: int, user: Any = None) -> str:
    """Where to send the buyer: Stripe's page, or the order's where nothing is left to pay.

    Clicking twice leads to the same page. Raises a ShopError whose message the buyer can read.
    """
    for _attempt in range(3):
        try:
            order = place_order(cart, buyer=buyer, shown_total=shown_total, user=user)
        except AnotherOrderOpen as found:
            if closed := close_order(found.order):
                return closed.get_absolute_url()
            continue
        attempt = order.sessions.order_by("-number").first()
        if order.paid_at or attempt is None:
            return order.get_absolute_url()
        if attempt.expires_at <= timezone.now():
            if closed := close_order(order):
                return closed.get_absolute_url()
            continue
        attempt = open_session(attempt)
        if attempt.status == StripeSession.Status.OPEN:
            return attempt.url
        if attempt.status != StripeSession.Status.ABANDONED:
            return order.get_absolute_url()
    raise PaymentUnavailable(gateway.later())


@transaction.atomic
def place_order(cart: Cart, *, buyer: Buyer, shown_total: int, user: Any = None) -> Order:
    """Reserve the goods and write the order with its first attempt; nothing is sent yet.

    The same cart and buyer again: the order that is there. Raises PriceChanged, SoldOut, AnotherOrderOpen.
    """
    # no_key: the commit of a payment checks its order's foreign key, and must not wait for who waits for it.
    Cart.objects.select_for_update(no_key=True).get(pk=cart.pk)
    # Before the cart is read: who pays the order empties the cart, and holds the order's lock meanwhile.
    open_order = find_open_order(cart)
    totals = price_cart(cart)
    if open_order and is_same(open_order, totals, buyer):
        refuse_other_total(totals, shown_total, buyer.language)
        return open_order
    if open_order and open_order.status != Order.Status.PROCESSING:
        raise AnotherOrderOpen(open_order)
    refuse_unsellable(totals, shown_total, buyer.language)
    order = write_order(cart, totals, buyer, user)
    stock.reserve_order(order)
    if totals.total == 0:
        return payment.mark_paid(order, attempt=None, why=_("Nothing to pay"))
    write_attempt(order)
    return order


def find_open_order(cart: Cart) -> Order | None:
    """The latest that still waits for its money; one that is processing leaves its lines in the cart."""
    return cart.orders.select_for_update().filter(status__in=Order.HOLDS_STOCK).first()


def refuse_unsellable(totals: Totals, shown_total: int, language: str) -> None:
    if not totals.lines:
        raise ShopError(_("Your cart is empty."))
    if totals.problems:
        raise SoldOut(" ".join(totals.problems))
    refuse_other_total(totals, shown_total, language)
    if 0 < totals.total < MINIMUM.get(totals.currency, 50):
        money = format_money(totals.total, totals.currency, language)
        raise ShopError(_("%(total)s is too little to be paid by card.") % {"total": money})


def refuse_other_total(totals: Totals, shown_total: int, language: str) -> None:
    if totals.total != shown_total:
        money = format_money(totals.total, totals.currency, language)
        raise PriceChanged(_("A price has changed: the total is now %(total)s.") % {"total": money})


def is_same(order: Order, totals: Totals, buyer: Buyer) -> bool:
    if any(getattr(order, name) != value for name, value in buyer.on_order().items()):
        return False
    ordered = list(order.lines.order_by("position").values_list("variant_id", "quantity", "unit_price"))
    wanted = [(line.variant and line.variant.pk, line.quantity, line.unit_price) for line in totals.all_lines]
    return ordered == wanted and (order.total, order.currency) == (totals.total, totals.currency)


def write_order(cart: Cart, totals: Totals, buyer: Buyer, user: Any) -> Order:
    now = timezone.now()
    order = Order.objects.create(
        cart=cart,
        user=user,
        currency=totals.currency,
        prices_include_tax=totals.prices_include_tax,
        tax=totals.tax,
        total=totals.total,
        fulfilment=Order.Fulfilment.OPEN if totals.needs_address else Order.Fulfilment.NOTHING_TO_SEND,
        terms_accepted_at=now if buyer.accepts_terms else None,
        withdrawal_waived_at=now if buyer.waives_withdrawal else None,
        **buyer.on_order(),
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            variant=line.variant,
            **{name: getattr(line, name) for name in SNAPSHOT},
        )
        for position, line in enumerate(totals.all_lines, start=1)
    )
    OrderEvent.objects.create(order=order, to_status=order.status)
    return order


SNAPSHOT = (
    "kind", "sku", "title", "variant_title", "goods", "unit_code", "unit_price", "quantity", "tax_rate",
    "tax_category", "net", "tax", "total",
)  # fmt: skip


def write_attempt(order: Order) -> StripeSession:
    """The attempt with its idempotency key and the whole request, stored before anything is sent."""
    number = order.sessions.count() + 1
    expires_at = (timezone.now() + SESSION_LIFE).replace(microsecond=0)
    attempt = StripeSession(
        order=order,
        number=number,
        amount=order.total,
        currency=order.currency,
        idempotency_key=f"co:{order.pk}:{number}",
        expires_at=expires_at,
    )
    attempt.request = session_request(attempt)
    attempt.save()
    for delay in ASK_AFTER:
        key = f"{attempt.pk}-{int(delay.total_seconds())}"
        enqueue("ecommerce.follow_attempt", key=key, delay=delay, attempt_id=str(attempt.pk))
    return attempt


def session_request(attempt: StripeSession) -> dict[str, Any]:
    order = attempt.order
    names = {"order": str(order.pk), "number": order.number, "attempt": str(attempt.pk)}
    session_id = f"?session_id={SESSION_ID}"
    return {
        "mode": "payment",
        "line_items": stripe_lines(order),
        "client_reference_id": str(order.pk),
        "customer_email": order.email,
        "metadata": names,
        "payment_intent_data": {
            "metadata": names,
            "description": _("Order %(number)s") % {"number": order.number},
        },
        "expires_at": int(attempt.expires_at.timestamp()),
        "success_url": absolute_url("ecommerce:checkout_return") + session_id,
        "cancel_url": absolute_url("ecommerce:checkout_cancelled") + session_id,
    }


def stripe_lines(order: Order) -> list[dict[str, Any]]:
    """Lines that add up to the order's total at Stripe, where a line is unit amount times quantity."""
    lines = list(order.lines.order_by("position"))
    if len(lines) > STRIPE_LINES:
        return [stripe_line(_("Order %(number)s") % {"number": order.number}, order.total, 1, order.currency)]
    items = []
    for line in lines:
        if line.unit_price * line.quantity == line.total:
            items.append(stripe_line(line.full_title, line.unit_price, line.quantity, order.currency))
        else:
            name = f"{line.quantity} × {line.full_title}" if line.quantity > 1 else line.full_title
            items.append(stripe_line(name, line.total, 1, order.currency))
    return items


def stripe_line(name: str, unit_amount: int, quantity: int, currency: str) -> dict[str, Any]:
    price = {"currency": currency.lower(), "unit_amount": unit_amount, "product_data": {"name": name[:250]}}
    return {"price_data": price, "quantity": quantity}


def open_session(attempt: StripeSession, *, timeout: float | None = None) -> StripeSession:
    """Create the Checkout Session of an attempt. Safe to repeat: Stripe gives the first one again.

    Raises PaymentUnavailable when Stripe does not answer; the attempt then stays for another try.
    timeout: seconds to wait for each answer.
    """
    if attempt.status != StripeSession.Status.CREATING:
        return attempt
    try:
        state = create_or_find(attempt, timeout=timeout)
    except SessionRefused as error:
        abandon(attempt, why=str(error))
        if "expires_at" not in str(error) and not isinstance(error, BeginAgain):
            raise ShopError(_("This order cannot be paid here. Nothing was charged.")) from error
    except PaymentUnavailable as error:
        if isinstance(error, StripeIsAtIt) and timeout is None and is_answered_to_another(attempt):
            return attempt
        StripeSession.objects.filter(pk=attempt.pk).update(
            last_error=repr(error.__cause__)[:1000], modified=timezone.now()
        )
        raise
    else:
        payment.record(state)
    attempt.refresh_from_db()
    return attempt


def is_answered_to_another(attempt: StripeSession) -> bool:
    """Wait for the buyer's other click, which Stripe is busy with: its page is this one's too."""
    end = time.monotonic() + gateway.TIMEOUT
    while time.monotonic() < end:
        time.sleep(0.2)
        attempt.refresh_from_db()
        if attempt.status != StripeSession.Status.CREATING:
            return True
    return False


def create_or_find(attempt: StripeSession, *, timeout: float | None) -> SessionState:
    """The attempt's session, also where the idempotency key gives nothing but an error any more.

    Then a session may have been made all the same, whose address nobody was ever told: it is taken over, or
    closed when it is not what was asked for. Raises SessionRefused when there is none to pay.
    """
    try:
        return gateway.create_session(
            attempt.request, idempotency_key=attempt.idempotency_key, timeout=timeout
        )
    except KeySpent as error:
        found = gateway.find_session(str(attempt.pk), since=attempt.created, timeout=timeout)
        if found is not None and not payment.difference(attempt.order, found):
            return found
        if found is not None:
            gateway.expire_session(found.id, timeout=timeout)
        raise BeginAgain(str(error)) from error


@transaction.atomic
def abandon(attempt: StripeSession, *, why: str) -> None:
    """Stripe will never open this attempt: nobody can pay it, so its goods go back."""
    order = Order.objects.select_for_update().get(pk=attempt.order_id)
    gone = StripeSession.objects.filter(pk=attempt.pk, status=StripeSession.Status.CREATING).update(
        status=StripeSession.Status.ABANDONED, last_error=why[:1000], modified=timezone.now()
    )
    if gone and order.status == Order.Status.DRAFT:
        stock.release_order(order)
        order.transition(Order.Status.CANCELLED, why=f"Stripe: {why}"[:500])


def close_order(order: Order) -> Order | None:
    """Make sure that an order can no longer be paid, and take it back; the order, if money came for it.

    Stripe is asked first: goods go back only when nobody can pay for them any more.
    """
    close_attempt(order)
    order.refresh_from_db()
    if order.status in {Order.Status.DRAFT, Order.Status.AWAITING_PAYMENT}:
        raise PaymentUnavailable(still_open())
    return None if order.status in Order.CAME_TO_NOTHING else order


def close_attempt(order: Order) -> None:
    attempt = order.sessions.filter(status__in=["creating", "open"]).first()
    if attempt is None:
        return
    attempt = open_session(attempt)  # what we never heard the answer to must be known before it is closed
    if attempt.session_id:
        try:
            gateway.expire_session(attempt.session_id)
            payment.settle(attempt.session_id)
        except SessionUnknown:
            raise
        except PaymentUnavailable as error:
            raise PaymentUnavailable(still_open()) from error


def still_open() -> str:
    """Not that nothing was charged: the buyer may have paid the other page meanwhile."""
    return _(
        "You have begun to pay for this cart before, and the payment service does not answer now. "
        "Please try again in a minute."
    )
