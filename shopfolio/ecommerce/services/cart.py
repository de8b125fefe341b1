"""What goes into a cart and out of it. Two clicks at once count as two."""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Least
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
