import pytest

from tests.factories import carry_cart, make_cart, make_product, make_shop, make_variant


@pytest.fixture
def tide_table(private_files):
    """Five pieces of one print in a shop that ships."""
    make_shop()
    return make_variant(make_product("Tide Table"), price=14_000, available=5)


@pytest.fixture
def two_prints(client, tide_table):
    """The visitor's cart: two of them, EUR 286.00 with delivery."""
    cart = make_cart((tide_table, 2))
    carry_cart(client, cart)
    return cart


@pytest.fixture
def stripe(refunds_at_stripe):
    make_shop()
    return refunds_at_stripe
