"""What goes into a cart and out of it. Two clicks at once count as two."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest, Least
from django.utils import timezone
from django.utils.translation import gettext as _

from shopfolio.ecommerce.exceptions import ShopError, SoldOut
from shopfolio.ecommerce.models import Cart, CartLine, Variant


def add_to_cart(cart: Cart, *, variant: Variant, quantity: int) -> CartLine:
    """Put pieces beside those that are there; a line never holds more than CartLine.MOST.

    Raises a ShopError when the quantity makes no sense, or the variant cannot be bought.
    """
    refuse_quantity(quantity)
    refuse_unsellable(variant, quantity)
    with transaction.atomic():
        lines = CartLine.objects.filter(cart=cart, variant=variant)
        more = Least(F("quantity") + quantity, CartLine.MOST)
        while not lines.update(quantity=more, modified=timezone.now()):
            try:
                with transaction.atomic():
                    return CartLine.objects.create(cart=cart, variant=variant, quantity=quantity)
            except IntegrityError:  # the other click was quicker by a hair: its line is there now
                continue
        return lines.get()


def cart_for(user: Any) -> Cart:
    """A new one for a stranger; the account's own for who is logged in."""
    return Cart.objects.get_or_create(user=user)[0] if user else Cart.objects.create()


@transaction.atomic
def carry_over(cart: Cart | None, *, user: Any) -> Cart | None:
    """The account's one cart, with what this browser's held: of each thing the larger of both quantities.

    While an order of the browser's cart waits for its payment, that cart stays as it is, for the order is a
    picture of it.
    """
    if cart is None or cart.user_id is not None:
        return Cart.objects.filter(user=user).first()
    if cart.has_open_order():
        return cart
    own = cart_for(user)
    list(Cart.objects.select_for_update(no_key=True).filter(pk__in=[cart.pk, own.pk]).order_by("pk"))
    for line in cart.lines.all():
        larger = Greatest(F("quantity"), line.quantity)
        if not own.lines.filter(variant=line.variant_id).update(quantity=larger, modified=timezone.now()):
            CartLine.objects.filter(pk=line.pk).update(cart=own)
    cart.lines.all().delete()
    return own


def set_quantity(line: CartLine, *, quantity: int) -> None:
    """Nought takes the line out. Raises a ShopError for what is no quantity."""
    if quantity == 0:
        CartLine.objects.filter(pk=line.pk).delete()
        return
    refuse_quantity(quantity)
    CartLine.objects.filter(pk=line.pk).update(quantity=quantity, modified=timezone.now())


def refuse_quantity(quantity: int) -> None:
    if not 1 <= quantity <= CartLine.MOST:
        raise ShopError(_("Choose a quantity from 1 to %(most)s.") % {"most": CartLine.MOST})


def refuse_unsellable(variant: Variant, quantity: int) -> None:
    name = {"name": str(variant)}
    if not variant.product.is_live or variant.status != Variant.Status.ON_SALE:
        raise ShopError(_("%(name)s is no longer offered.") % name)
    if variant.product.is_coming:
        raise ShopError(_("%(name)s is not on sale yet.") % name)
    if variant.is_sold_out:
        raise SoldOut(_("%(name)s is sold out.") % name)
    if variant.available is not None and variant.available < quantity:
        raise SoldOut(_("Only %(left)s left of %(name)s.") % (name | {"left": variant.available}))
