"""Buyers at real server processes, over HTTP, on the database that the site has."""

import threading
from collections import Counter

import pytest

from shopfolio.ecommerce.models import Invoice, Order, StockMovement, StripeSession
from shopfolio.ecommerce.simulator.endpoint import Api
from tests.counts import count
from tests.factories import make_product, make_shop, make_variant
from tests.processes import wait_for
from tests.race.results import told
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

PIECES = 10
PRICE, DELIVERY = 14_000, 600


def variant_with(available):
    make_shop(shipping_price=DELIVERY)
    return make_variant(make_product("Tide Table"), available=available, price=PRICE)


def shelf(variant):
    """The figure, which is what the ledger says."""
    variant.refresh_from_db()
    assert variant.available == StockMovement.shelf_by_ledger(variant.pk)
    return variant.available


def test_a_hundred_buyers_get_the_ten_pieces_that_are_there(shop, programs, private_files):
    variant = variant_with(available=PIECES)
    buyers = shop.browsers_at_the_checkout(count(24, 100), variant)

    with told(f"{len(buyers)} buyers, {PIECES} pieces") as row:
        row.outcome = all_at_once(len(buyers), lambda index: shop.press_pay(buyers[index], PRICE + DELIVERY))

    assert row.outcome == {"sent to Stripe": PIECES, "sold out": len(buyers) - PIECES}
    assert shelf(variant) == 0
    attempts = StripeSession.objects.all()
    assert shop.sessions() == {attempt.session_id: "open" for attempt in attempts}
    assert list(Order.objects.values_list("status", flat=True)) == ["awaiting_payment"] * PIECES

    programs.start("worker", "--concurrency", "4")
    with told(f"{PIECES} payments, a worker of four") as row:
        assert all_at_once(PIECES, lambda index: pay(shop, attempts[index])) == {"303": PIECES}
        wait_for(lambda: not Order.objects.exclude(status="paid").exists())
        row.outcome = Counter(Order.objects.values_list("status", flat=True))

    assert row.outcome == {"paid": PIECES}
    assert list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(1, 11))
    assert StockMovement.objects.filter(kind="sold").count() == PIECES
    assert shelf(variant) == 0
    shop.assert_nothing_went_wrong()


def pay(shop, attempt):
    return shop.simulator.pay(attempt.url).status_code


def test_fifty_clicks_on_pay_are_one_order_and_lead_to_one_page(shop):
    variant = variant_with(available=PIECES)
    [buyer] = shop.browsers_at_the_checkout(1, variant)
    clicks = count(12, 50)
    windows = [shop.browser(buyer.cookies) for _ in range(clicks)]

    with told(f"{clicks} clicks on pay") as row:
        row.outcome = all_at_once(
            clicks, lambda index: windows[index].pay(PRICE + DELIVERY).headers.get("Location")
        )

    attempt = StripeSession.objects.get()
    assert row.outcome == {attempt.url: clicks}
    assert Order.objects.count() == 1
    assert shop.sessions() == {attempt.session_id: "open"}
    assert shelf(variant) == PIECES - 1
    shop.assert_nothing_went_wrong()


def test_clicks_while_stripe_takes_its_time_wait_for_the_first_ones_page(shop, monkeypatch):
    """Stripe answers 409 to a key that it is busy with; the SDK gives up before the first answer is there."""
    variant = variant_with(available=PIECES)
    [buyer] = shop.browsers_at_the_checkout(1, variant)
    perform = Api._perform

    def perform_slowly(*args):
        threading.Event().wait(3)
        return perform(*args)

    monkeypatch.setattr(Api, "_perform", perform_slowly)
    windows = [shop.browser(buyer.cookies) for _ in range(6)]

    outcomes = all_at_once(6, lambda index: windows[index].pay(PRICE + DELIVERY).headers.get("Location"))

    assert outcomes == {StripeSession.objects.get().url: 6}


def test_carts_with_the_same_goods_in_opposite_order_all_get_through(shop):
    one = variant_with(available=100)
    other = make_variant(make_product("Night Bus"), available=100, price=PRICE)
    half = count(6, 40)
    buyers = shop.browsers_at_the_checkout(half, one, other) + shop.browsers_at_the_checkout(half, other, one)
    total = 2 * PRICE + DELIVERY

    with told(f"{2 * half} carts with the same two goods in opposite order") as row:
        row.outcome = all_at_once(2 * half, lambda index: shop.press_pay(buyers[index], total))

    assert row.outcome == {"sent to Stripe": 2 * half}
    assert (shelf(one), shelf(other)) == (100 - 2 * half, 100 - 2 * half)
    shop.assert_nothing_went_wrong()
