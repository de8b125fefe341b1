import pytest

from shopfolio.core.models import BlogPost
from shopfolio.ecommerce.models import CartLine, Order, StockMovement, StripeSession
from shopfolio.ecommerce.services import payment
from shopfolio.ecommerce.services.cart import add_to_cart
from tests.ecommerce.stripe_states import is_paid
from tests.factories import make_cart, make_shop, make_variant
from tests.race.buying import buy
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


def test_two_buyers_never_get_the_last_piece():
    make_shop()
    variant = make_variant(available=3)
    carts = [make_cart((variant, 1)) for _ in range(12)]

    outcomes = all_at_once(12, lambda index: buy(carts[index]))

    assert outcomes == {"ordered": 3, "SoldOut": 9}
    assert Order.objects.count() == 3
    variant.refresh_from_db()
    assert variant.available == StockMovement.shelf_by_ledger(variant.pk) == 0


def test_many_clicks_on_pay_are_one_order_and_one_attempt():
    make_shop()
    variant = make_variant(available=50)
    cart = make_cart((variant, 2))

    outcomes = all_at_once(12, lambda _index: buy(cart))

    assert outcomes == {"ordered": 12}
    assert Order.objects.count() == 1
    assert StripeSession.objects.count() == 1
    variant.refresh_from_db()
    assert variant.available == 48


def test_two_carts_with_the_same_goods_in_opposite_order_do_not_wait_for_each_other():
    make_shop()
    one, other = make_variant(available=500), make_variant(available=500)
    carts = [make_cart(*[(one, 1), (other, 1)][:: 1 if index % 2 else -1]) for index in range(16)]

    outcomes = all_at_once(16, lambda index: buy(carts[index]))

    assert outcomes == {"ordered": 16}


def test_the_webhook_the_return_page_and_the_reconciler_at_once_are_one_sale():
    make_shop()
    variant = make_variant(available=5)
    cart = make_cart((variant, 1))
    buy(cart)
    attempt = StripeSession.objects.get()
    answer = is_paid(attempt)

    outcomes = all_at_once(8, lambda _index: payment.record(answer).status)

    assert outcomes == {"paid": 8}
    assert StockMovement.objects.filter(kind="sold").count() == 1
    assert Order.objects.get().invoices.count() == 1
    assert Order.objects.get().events.filter(to_status="paid").count() == 1


def test_a_click_on_pay_while_the_payment_arrives_is_not_a_second_order():
    make_shop()
    variant = make_variant(available=50)
    carts = [make_cart((variant, 1)) for _ in range(8)]
    for cart in carts:
        buy(cart)
    paid = [is_paid(cart.orders.get().sessions.get(), payment_intent=f"pi_{cart.pk}") for cart in carts]

    def pay_or_click(index):
        return payment.record(paid[index // 2]).status if index % 2 else buy(carts[index // 2])

    outcomes = all_at_once(16, pay_or_click)

    assert outcomes["paid"] == 8
    assert outcomes["ordered"] + outcomes["ShopError"] == 8, outcomes
    assert Order.objects.count() == 8
    assert Order.objects.filter(status="paid").count() == 8


def test_adding_at_once_counts_every_click():
    make_shop()
    variant = make_variant(available=50)
    cart = make_cart()

    outcomes = all_at_once(8, lambda _index: add_to_cart(cart, variant=variant, quantity=2) and "added")

    assert outcomes == {"added": 8}
    assert CartLine.objects.get().quantity == 16


def test_pages_with_one_title_written_at_once_get_addresses_of_their_own():
    outcomes = all_at_once(8, lambda _index: BlogPost.objects.create(title="日本語") and "written")

    assert outcomes == {"written": 8}
    assert BlogPost.objects.filter(slug="日本語").count() == 1
    assert BlogPost.objects.values("slug").distinct().count() == 8
