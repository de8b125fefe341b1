"""Who fills carts and orders too quickly."""

import pytest
from django.test import Client

from shopfolio.ecommerce.models import Cart, CartLine, Order
from shopfolio.ecommerce.views.cart import CART
from shopfolio.ecommerce.views.checkout import CHECKOUT
from shopfolio.users.limits import HOUR, MINUTE
from shopfolio.users.models import Tally
from tests.factories import carry_cart, make_cart, make_product, make_shop, make_variant
from tests.users.people import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

FORM = {
    "email": "marta@example.org", "name": "Marta Reis", "address_line1": "Rua da Sofia 81",
    "postcode": "3000-391", "city": "Coimbra", "country": "PT", "total": "14600", "terms": "on",
}  # fmt: skip


@pytest.fixture
def use_up(client: Client):
    """Makes this visitor's every further request one too many."""

    def use(limits, path, form):
        client.post(path, form)
        Tally.objects.filter(scope=f"{limits.scope}/network/{MINUTE}").update(
            count=limits.per_network[MINUTE]
        )

    return use


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_who_adds_too_quickly_is_asked_to_wait(client, use_up, headers):
    make_variant(make_product("Print"), available=None)
    use_up(CART, "/cart/add/print/", {})

    answer = client.post("/cart/add/print/", {"quantity": 2}, headers=headers)

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "That was a lot at once." in answer.content.decode()
    assert ("<html" in answer.content.decode()) == (not headers)
    assert CartLine.objects.get().quantity == 1


def test_who_changes_the_cart_too_quickly_is_asked_to_wait(client, use_up):
    cart = make_cart((make_variant(), 2))
    carry_cart(client, cart)
    line = cart.lines.get()
    use_up(CART, "/cart/update/", {})

    answer = client.post("/cart/update/", {f"quantity-{line.pk}": "5", "remove": str(line.pk)})

    assert answer.status_code == 429
    assert cart.lines.get().quantity == 2


def test_an_account_that_orders_from_everywhere_is_asked_to_wait(client):
    make_shop()
    person = make_person()
    client.force_login(person)
    carry_cart(client, make_cart((make_variant(make_product("Print"), price=14_000), 1)))
    client.post("/checkout/", FORM | {"total": "1"})
    Tally.objects.filter(scope=f"checkout/address/{HOUR}").update(count=CHECKOUT.per_address[HOUR])

    answer = client.post("/checkout/", FORM, headers={"X-Forwarded-For": "198.51.100.7"})

    assert answer.status_code == 429
    assert not Order.objects.exists()


def test_what_cannot_be_added_does_not_count(client):
    make_variant(make_product("Print"), available=0)

    assert client.post("/cart/add/print/").status_code == 422
    assert not Tally.objects.exists()
    assert not Cart.objects.exists()


def test_who_orders_too_quickly_is_asked_to_wait_and_keeps_the_words(client, use_up):
    make_shop()
    carry_cart(client, make_cart((make_variant(make_product("Print"), price=14_000), 1)))
    use_up(CHECKOUT, "/checkout/", FORM | {"total": "14000"})

    answer = client.post("/checkout/", FORM)

    assert answer.status_code == 429
    assert "That was a lot at once. Please try again in a minute." in answer.content.decode()
    assert 'value="Coimbra"' in answer.content.decode()
    assert 0 < int(answer["Retry-After"]) <= 60
    assert not Order.objects.exists()
