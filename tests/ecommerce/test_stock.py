from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from shopfolio.core import page_cache
from shopfolio.ecommerce.exceptions import SoldOut
from shopfolio.ecommerce.models import Order, StockMovement, Variant
from shopfolio.ecommerce.services import stock
from shopfolio.ecommerce.services.checkout import place_order
from tests.factories import make_buyer, make_cart, make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def place(*lines, **buyer):
    cart = make_cart(*lines)
    from shopfolio.ecommerce.services.pricing import price_cart

    return place_order(cart, buyer=make_buyer(**buyer), shown_total=price_cart(cart).total)


def kinds(variant):
    return list(variant.movements.order_by("created").values_list("kind", "quantity"))


def test_pieces_are_reserved_when_the_order_is_placed():
    make_shop()
    variant = make_variant(available=3)

    order = place((variant, 2))

    variant.refresh_from_db()
    assert variant.available == 1
    assert kinds(variant) == [("received", 3), ("reserved", 2)]
    assert order.status == Order.Status.DRAFT


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [(None, []), (500, []), (101, [1]), (6, [1])],
    ids=["no end", "many", "100 left", "few"],
)
def test_pages_are_made_anew_only_where_they_say_another_figure(monkeypatch, pieces, shown):
    """Otherwise whoever presses "pay" again and again would have every visitor wait for fresh pages."""
    make_shop()
    variant = make_variant(available=pieces)
    bumps = []
    monkeypatch.setattr(page_cache, "bump", lambda: bumps.append(1))

    order = place((variant, 2))
    assert bumps == shown
    with transaction.atomic():
        stock.release_order(order)

    assert bumps == shown * 2


def test_the_last_piece_is_sold_once():
    make_shop()
    variant = make_variant(available=1)
    place((variant, 1))

    with pytest.raises(SoldOut) as refusal:
        place((variant, 1), email="other@example.org")

    assert refusal.value.message.endswith(": Sold out.")
    assert Order.objects.count() == 1
    assert Variant.objects.get().available == 0


def test_an_order_reserves_all_its_lines_or_none():
    make_shop()
    plenty, scarce = make_variant(available=9), make_variant(available=1)
    order = place((plenty, 1))
    order.lines.create(
        position=9, variant=scarce, title="x", unit_price=1, quantity=2, net=2, tax=0, total=2, kind="product"
    )

    with pytest.raises(SoldOut):
        stock.reserve_order(order)

    plenty.refresh_from_db()
    assert plenty.available == 8


def test_unlimited_goods_never_run_out_and_stay_in_the_ledger():
    make_shop()
    variant = make_variant(available=None)

    place((variant, 500))

    variant.refresh_from_db()
    assert variant.available is None
    assert kinds(variant) == [("reserved", 500)]


def test_the_ledger_adds_up_to_the_shelf():
    make_shop()
    variant = make_variant(available=10)
    order = place((variant, 4))
    stock.release_order(order)
    stock.correct(variant.pk, -3, note="damaged")
    stock.correct(variant.pk, 1)

    variant.refresh_from_db()

    assert variant.available == 8
    assert StockMovement.shelf_by_ledger(variant.pk) == 8


def test_a_correction_cannot_take_more_than_is_there():
    variant = make_variant(available=2)

    with pytest.raises(SoldOut):
        stock.correct(variant.pk, -3)

    variant.refresh_from_db()
    assert variant.available == 2
    assert kinds(variant) == [("received", 2)]


@pytest.mark.parametrize("quantity", [0, -1])
def test_nobody_reserves_nothing_or_less(quantity):
    variant = make_variant()
    order = Order(total=0, currency="EUR")

    with pytest.raises(ValueError, match=str(quantity)):
        stock.reserve(variant.pk, quantity, order=order)


def test_the_database_itself_refuses_a_negative_shelf():
    variant = make_variant(available=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.filter(pk=variant.pk).update(available=-1)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (0, "Print has just sold out."),
        (1, "Only 1 left of Print."),
        (2, "Print was sold out for a moment. Please try again."),
    ],
)
def test_who_could_not_have_two_is_told_how_many_there_are_now(left, words):
    variant = make_variant(make_product("Print"), available=left)

    assert stock.sold_out_message(variant.pk, wanted=2) == words


def test_what_the_owner_has_deleted_meanwhile_is_no_longer_offered():
    with pytest.raises(SoldOut) as refusal:
        stock.reserve(uuid4(), 1, order=Order(total=0, currency="EUR"))

    assert refusal.value.message == "This is no longer offered."
