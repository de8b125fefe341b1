"""What a cart costs now, line by line."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shopfolio.core.services import site
from shopfolio.ecommerce.models import Cart, CartLine, ShopSettings, Variant
from shopfolio.ecommerce.models.orders import LineKind
from shopfolio.ecommerce.models.settings import shop_settings
from shopfolio.lib.money import tax_inside, tax_on


@dataclass(frozen=True)
class PricedLine:
    """One line of a cart; amounts in minor units. problem: why it cannot be bought, in words, or nothing."""

    variant: Variant | None
    kind: str
    title: str
    variant_title: str
    sku: str
    goods: str
    unit_code: str
    unit_price: int
    quantity: int
    tax_rate: int
    tax_category: str
    net: int
    tax: int
    total: int
    problem: str = ""
    cart_line: CartLine | None = None

    @property
    def full_title(self) -> str:
        return f"{self.title}, {self.variant_title}" if self.variant_title else self.title


@dataclass(frozen=True)
class Totals:
    """What is to be paid: `total`, with delivery and tax. `lines` are the goods; delivery stands apart."""

    lines: tuple[PricedLine, ...]
    shipping: PricedLine | None
    currency: str
    prices_include_tax: bool
    goods: int
    tax: int
    total: int
    needs_address: bool
    has_downloads: bool
    problems: tuple[str, ...]

    @property
    def all_lines(self) -> tuple[PricedLine, ...]:
        return (*self.lines, self.shipping) if self.shipping else self.lines


def cart_lines(cart: Cart) -> QuerySet[CartLine]:
    return cart.lines.select_related("variant__product").order_by("created")


def price_cart(cart: Cart) -> Totals:
    settings = shop_settings()
    lines = tuple(price_line(line, settings) for line in cart_lines(cart))
    goods = sum(line.total for line in lines)
    needs_address = any(line.goods == Variant.Kind.PHYSICAL for line in lines)
    shipping = price_shipping(goods, settings) if needs_address else None
    charged = (*lines, shipping) if shipping else lines
    return Totals(
        lines=lines,
        shipping=shipping,
        currency=site().profile.currency,
        prices_include_tax=settings.prices_include_tax,
        goods=goods,
        tax=sum(line.tax for line in charged),
        total=sum(line.total for line in charged),
        needs_address=needs_address,
        has_downloads=any(line.goods == Variant.Kind.DIGITAL for line in lines),
        problems=tuple(f"{line.full_title}: {line.problem}" for line in lines if line.problem),
    )


def price_line(line: CartLine, settings: ShopSettings) -> PricedLine:
    variant, product = line.variant, line.variant.product
    rate = settings.tax_rate if product.tax_rate is None else product.tax_rate
    net, tax = net_and_tax(variant.price * line.quantity, rate, inclusive=settings.prices_include_tax)
    return PricedLine(
        variant=variant,
        kind=LineKind.PRODUCT,
        title=product.title,
        variant_title=variant.title,
        sku=variant.sku,
        goods=variant.kind,
        unit_code=variant.unit_code,
        unit_price=variant.price,
        quantity=line.quantity,
        tax_rate=rate,
        tax_category=product.tax_category or settings.tax_category,
        net=net,
        tax=tax,
        total=net + tax,
        problem=problem_with(variant, line.quantity),
        cart_line=line,
    )


def price_shipping(goods: int, settings: ShopSettings) -> PricedLine | None:
    """goods: the total of what is bought, in minor units. Nothing where delivery is free."""
    free = settings.shipping_free_from is not None and goods >= settings.shipping_free_from
    if free or not settings.shipping_price:
        return None
    net, tax = net_and_tax(settings.shipping_price, settings.tax_rate, inclusive=settings.prices_include_tax)
    return PricedLine(
        variant=None,
        kind=LineKind.SHIPPING,
        title=_("Delivery"),
        variant_title="",
        sku="",
        goods="",
        unit_code="C62",
        unit_price=settings.shipping_price,
        quantity=1,
        tax_rate=settings.tax_rate,
        tax_category=settings.tax_category,
        net=net,
        tax=tax,
        total=net + tax,
    )


def net_and_tax(amount: int, rate: int, *, inclusive: bool) -> tuple[int, int]:
    """amount: what the shop writes on the label, with tax or without. rate: basis points."""
    if inclusive:
        tax = tax_inside(amount, rate)
        return amount - tax, tax
    return amount, tax_on(amount, rate)


def problem_with(variant: Variant, quantity: int) -> str:
    """Why it cannot be bought just now, in words that stand beside its name."""
    product = variant.product
    if not product.is_live or variant.status != Variant.Status.ON_SALE:
        return _("No longer offered.")
    if product.is_coming:
        return _("Not on sale yet.")
    if variant.available == 0:
        return _("Sold out.")
    if variant.available is not None and variant.available < quantity:
        return _("Only %(left)s left.") % {"left": variant.available}
    return ""
