"""The cart of an account: it comes along to every browser that logs in, and is closed to every other."""

import pytest
from django.test import Client

from shopfolio.ecommerce.models import Cart, CartLine, Order
from shopfolio.ecommerce.services.cart import carry_over
from tests.factories import carry_cart, make_cart, make_product, make_shop, make_variant, make_waiting_order
from tests.race.threads import all_at_once
from tests.users.people import PASSWORD, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture(autouse=True)
def shop():
    make_shop()


def log_in(browser):
    answer = browser.post("/account/login/", {"login": "ana@example.org", "password": PASSWORD})
    assert answer["Location"] == "/account/"


def add(browser, variant, quantity=1):
    fields = {"variant": variant.pk, "quantity": quantity}
    return browser.post(
        f"/cart/add/{variant.product.slug}/", fields, headers={"Sec-Fetch-Site": "same-origin"}
    )


def lines_of(cart):
    return sorted(cart.lines.values_list("variant__sku", "quantity"))


def test_what_was_put_in_before_the_login_is_there_after_it_in_every_browser():
    ana, phone, desk = make_person("ana@example.org"), Client(), Client()
    print_, book = make_variant(sku="PRINT"), make_variant(sku="BOOK")

    add(phone, print_, 2)
    log_in(phone)
    add(desk, book)
    add(desk, print_)
    log_in(desk)

    own = Cart.objects.get(user=ana)
    assert lines_of(own) == [("BOOK", 1), ("PRINT", 2)]
    for browser in (phone, desk):
        page = browser.get("/cart/").content.decode()
        assert str(print_) in page
        assert str(book) in page
    assert CartLine.objects.count() == 2


def test_who_logs_in_with_nothing_gets_the_accounts_cart_and_its_badge():
    ana, browser = make_person("ana@example.org"), Client()
    variant = make_variant()
    cart = make_cart((variant, 3))
    Cart.objects.filter(pk=cart.pk).update(user=ana)

    log_in(browser)

    assert 'class="cart"' in browser.get("/").content.decode()
    assert "<b>3</b>" in "".join(browser.get("/").content.decode().split())


def test_a_cart_that_belongs_to_an_account_is_closed_after_the_logout():
    make_person("ana@example.org")
    browser, variant = Client(), make_variant()
    add(browser, variant)
    log_in(browser)

    left = browser.post("/account/logout/")

    assert left.cookies["cart"].value == ""
    assert str(variant) not in browser.get("/cart/").content.decode()
    assert Cart.objects.get(user__email="ana@example.org").count_pieces() == 1


@pytest.mark.parametrize("logout", ["/account/logout/", "/admin/logout/"])
def test_after_the_logout_nobody_sees_who_was_paying_in_this_browser(logout):
    make_person("ana@example.org", is_staff=True)
    browser, order = Client(), make_waiting_order(email="ana@example.org", name="Ana Secret")
    carry_cart(browser, order.cart)
    log_in(browser)
    assert "Ana Secret" in browser.get("/checkout/").content.decode()

    browser.post(logout)

    assert browser.get("/checkout/")["Location"] == "/cart/"
    browser.force_login(make_person("next@example.org"))
    assert browser.get("/checkout/")["Location"] == "/cart/"


def test_what_an_account_ordered_fills_in_no_form_of_anybody_else():
    """A session may end without a logout."""
    ana, browser = make_person("ana@example.org"), Client()
    order = make_waiting_order(email="ana@example.org", name="Ana Secret")
    Order.objects.filter(pk=order.pk).update(user=ana)
    carry_cart(browser, order.cart)

    stranger = browser.get("/checkout/").content.decode()
    browser.force_login(ana)
    herself = browser.get("/checkout/").content.decode()

    assert "Ana Secret" not in stranger
    assert "ana@example.org" not in stranger
    assert "Ana Secret" in herself


def test_a_stolen_cookie_opens_no_cart_of_an_account():
    ana, thief = make_person("ana@example.org"), Client()
    cart = make_cart((make_variant(), 1))
    Cart.objects.filter(pk=cart.pk).update(user=ana)
    carry_cart(thief, cart)
    thief.force_login(make_person("thief@example.org"))

    assert thief.get("/checkout/")["Location"] == "/cart/"
    add(thief, make_variant(make_product()))

    assert lines_of(cart) == lines_of(Cart.objects.get(user=ana))
    assert Cart.objects.get(user__email="thief@example.org").count_pieces() == 1


@pytest.mark.parametrize("status", ["draft", "awaiting_payment", "processing"])
def test_an_order_that_is_being_paid_keeps_its_cart(status):
    ana = make_person("ana@example.org")
    order = make_waiting_order()
    Order.objects.filter(pk=order.pk).update(status=status)

    assert carry_over(order.cart, user=ana) == order.cart
    assert order.cart.lines.count() == 1
    assert not Cart.objects.filter(user=ana).exists()
    assert Order.objects.get().cart == order.cart


@pytest.mark.django_db(transaction=True)
def test_two_browsers_that_log_in_at_once_share_one_cart():
    ana = make_person("ana@example.org")
    variant = make_variant()
    carts = [make_cart((variant, number)) for number in (1, 2, 3, 4)]

    all_at_once(4, lambda number: carry_over(carts[number], user=ana) and "brought")

    own = Cart.objects.get(user=ana)
    assert list(own.lines.values_list("variant", "quantity")) == [(variant.pk, 4)]
    assert CartLine.objects.count() == 1
