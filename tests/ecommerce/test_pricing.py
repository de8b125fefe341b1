import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopfolio.ecommerce.models import Variant
from shopfolio.ecommerce.services.pricing import net_and_tax, price_cart
from tests.factories import make_cart, make_product, make_shop, make_variant


@pytest.mark.django_db
@pytest.mark.rows
def test_prices_hold_their_tax_and_delivery_is_a_line_of_its_own():
    make_shop()
    cart = make_cart(
        (make_variant(price=14_000), 1),
        (make_variant(make_product(tax_rate=600), price=2_400, kind=Variant.Kind.DIGITAL, available=None), 2),
    )

    totals = price_cart(cart)

    assert [(line.net, line.tax, line.total) for line in totals.all_lines] == [
        (11_382, 2_618, 14_000),
        (4_528, 272, 4_800),
        (488, 112, 600),
    ]
    assert (totals.goods, totals.tax, totals.total) == (18_800, 3_002, 19_400)
    assert totals.needs_address
    assert totals.has_downloads
    assert totals.problems == ()


@pytest.mark.django_db
@pytest.mark.rows
def test_net_prices_get_their_tax_on_top():
    make_shop(prices_include_tax=False, shipping_price=0)
    cart = make_cart((make_variant(price=999), 3))

    totals = price_cart(cart)

    assert (totals.lines[0].net, totals.lines[0].tax, totals.total) == (2_997, 689, 3_686)


@pytest.mark.django_db
@pytest.mark.rows
def test_delivery_is_free_from_the_amount_the_owner_set():
    make_shop(shipping_free_from=10_000)

    assert price_cart(make_cart((make_variant(price=9_999), 1))).shipping.total == 600
    assert price_cart(make_cart((make_variant(price=10_000), 1))).shipping is None


@pytest.mark.django_db
@pytest.mark.rows
def test_downloads_need_no_address_and_no_delivery():
    make_shop()

    totals = price_cart(make_cart((make_variant(kind=Variant.Kind.DIGITAL, available=None, price=2_400), 1)))

    assert (totals.shipping, totals.needs_address, totals.total) == (None, False, 2_400)


@pytest.mark.django_db
@pytest.mark.rows
@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (
            lambda v: v.product.__class__.objects.filter(pk=v.product.pk).update(status=0),
            "Sheet, A2: No longer offered.",
        ),
        (
            lambda v: Variant.objects.filter(pk=v.pk).update(status="retired"),
            "Sheet, A2: No longer offered.",
        ),
        (lambda v: Variant.objects.filter(pk=v.pk).update(available=0), "Sheet, A2: Sold out."),
        (lambda v: Variant.objects.filter(pk=v.pk).update(available=2), "Sheet, A2: Only 2 left."),
    ],
)
def test_what_cannot_be_bought_says_why(break_it, problem):
    make_shop()
    variant = make_variant(make_product("Sheet"), title="A2")
    cart = make_cart((variant, 3))
    break_it(variant)

    assert price_cart(cart).problems == (problem,)


@pytest.mark.django_db
@pytest.mark.rows
@pytest.mark.parametrize("size", [1, 20])
def test_pricing_asks_the_database_once_whatever_the_cart(size, django_assert_num_queries):
    make_shop()
    cart = make_cart(*[(make_variant(), 1) for _ in range(size)])
    price_cart(cart)

    with django_assert_num_queries(1):
        price_cart(cart)


@given(
    price=st.integers(0, 10**9),
    quantity=st.integers(1, 999),
    rate=st.integers(0, 10_000),
    inclusive=st.booleans(),
)
def test_net_and_tax_always_add_up(price, quantity, rate, inclusive):
    amount = price * quantity

    net, tax = net_and_tax(amount, rate, inclusive=inclusive)

    assert net + tax == amount if inclusive else net == amount
    assert net >= 0
    assert tax >= 0
    assert abs(tax * 10_000 - net * rate) <= (10_000 + rate)


@pytest.mark.django_db
@pytest.mark.rows
def test_few_left_begins_where_the_owner_set_it():
    make_shop(low_stock=2)
    product = make_product()
    make_variant(product, available=3)

    assert product.inventory_status == "available"

    Variant.objects.update(available=2)
    assert product.inventory_status == "low"
