"""One cart in several windows at once."""

import pytest

from shopfolio.ecommerce.models import Cart, CartLine
from tests.counts import count
from tests.factories import make_product, make_shop, make_variant
from tests.race.results import told
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


@pytest.fixture
def variants():
    make_shop()
    return [make_variant(make_product(title), available=900) for title in ("Tide Table", "Night Bus")]


def badge(browser):
    """How many pieces the cart's cookie says there are, once its page was looked at."""
    assert browser.get("/cart/").status_code == 200
    return int(browser.cookies["cart"].strip('"').partition(".")[2].partition(":")[0])


def test_twenty_windows_add_at_once_and_every_piece_counts(shop, variants):
    first = shop.browser()
    first.add(variants[0].product)
    number = count(20, 100)
    windows = [shop.browser(first.cookies) for _ in range(number)]

    with told(f"{number} times 2 pieces into one cart, of two products") as row:
        row.outcome = all_at_once(
            number, lambda index: windows[index].add(variants[index % 2].product, quantity=2).status_code
        )

    assert row.outcome == {"303": number}
    cart = Cart.objects.get()
    assert dict(cart.lines.values_list("variant", "quantity")) == {
        variants[0].pk: number + 1,
        variants[1].pk: number,
    }
    assert badge(first) == 2 * number + 1
    shop.assert_nothing_went_wrong()


def test_windows_that_fill_and_empty_one_cart_never_see_an_error(shop, variants):
    first = shop.browser()
    for variant in variants:
        first.add(variant.product)
    lines = list(CartLine.objects.all())
    number = count(24, 120)
    windows = [shop.browser(first.cookies) for _ in range(number)]

    def click(index):
        window, line = windows[index], lines[index // 3 % 2]
        if index % 3 == 0:
            return window.add(line.variant.product, quantity=3).status_code
        if index % 3 == 1:
            return window.post("/cart/update/", remove=str(line.pk)).status_code
        return window.post("/cart/update/", **{f"quantity-{line.pk}": "7"}).status_code

    with told(f"{number} windows add, take out and change in one cart") as row:
        row.outcome = all_at_once(number, click)

    assert row.outcome == {"303": number}
    assert badge(first) == sum(CartLine.objects.values_list("quantity", flat=True))
    shop.assert_nothing_went_wrong()
