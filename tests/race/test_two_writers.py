"""What only a database can show that lets two transactions write at once: PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction

from shopfolio.ecommerce.models import CartLine, Product, StripeSession, Variant
from shopfolio.ecommerce.services import payment
from shopfolio.ecommerce.services.cart import add_to_cart, set_quantity
from tests.ecommerce.stripe_states import is_paid
from tests.factories import make_cart, make_shop, make_variant
from tests.race.buying import buy
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


def elsewhere(act, *, seconds: float = 20) -> threading.Thread:
    """In another transaction, which is through when we go on; or not, after some seconds."""

    def run():
        act()
        connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return thread


@contextmanager
def after_the_first(part_of_a_statement: str, act) -> Iterator[None]:
    """Somebody else acts when ours has spoken of this to the database for the first time; or waits for us."""
    others = []

    def watch(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if part_of_a_statement in sql and not others:
            others.append(elsewhere(act, seconds=0.5))
        return result

    with connection.execute_wrapper(watch):
        yield
    [other] = others
    other.join()


def test_a_cart_that_shrinks_while_its_payment_arrives_takes_nothing_below_nought():
    make_shop()
    variant = make_variant(available=9)
    cart = make_cart((variant, 2))
    buy(cart)
    line = cart.lines.get()
    set_quantity(line, quantity=3)

    with after_the_first('"ecommerce_cartline"', lambda: set_quantity(line, quantity=1)):
        order = payment.record(is_paid(StripeSession.objects.get()))

    assert order.status == "paid"
    assert list(cart.lines.values_list("quantity", flat=True)) == [1]


def test_a_line_that_another_click_made_and_a_third_took_out_is_made_again(monkeypatch):
    make_shop()
    variant = make_variant(available=9)
    cart = make_cart()
    create = CartLine.objects.create

    def create_too_late(**fields):
        monkeypatch.setattr(CartLine.objects, "create", create)
        elsewhere(lambda: make_line(cart, variant))
        try:
            return create(**fields)
        except IntegrityError:
            elsewhere(lambda: CartLine.objects.all().delete())
            raise

    monkeypatch.setattr(CartLine.objects, "create", create_too_late)

    add_to_cart(cart, variant=variant, quantity=2)

    assert CartLine.objects.get().quantity == 2


def make_line(cart, variant):
    CartLine(cart=cart, variant=variant, quantity=5).save()


def test_of_two_prices_that_change_at_once_the_later_one_sees_the_other():
    first = make_variant(price=900)
    second = make_variant(first.product, price=900)

    with transaction.atomic():
        Variant.objects.filter(pk=first.pk).update(price=100)
        other = elsewhere(lambda: Variant.objects.filter(pk=second.pk).update(price=300), seconds=0.5)
        assert other.is_alive()
    other.join()

    assert Product.objects.get().least_price == 100


def test_two_choices_that_are_made_at_once_do_not_wait_for_each_other_in_a_ring():
    product = make_variant(price=900).product

    results = all_at_once(6, lambda index: make_variant(product, price=100 + index, available=None).price)

    assert sum(results.values()) == len(results) == 6
    assert Product.objects.get().least_price == 100
