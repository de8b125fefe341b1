import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from shopfolio.core.services import site
from shopfolio.ecommerce.exceptions import ShopError, SoldOut
from shopfolio.ecommerce.models import Cart, CartLine, Product, Variant
from shopfolio.ecommerce.models.cart import CartCookie
from shopfolio.ecommerce.models.settings import shop_settings
from shopfolio.ecommerce.services.cart import add_to_cart, set_quantity
from shopfolio.ecommerce.services.checkout import place_order
from shopfolio.ecommerce.services.pricing import price_cart
from tests.factories import carry_cart, make_buyer, make_cart, make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def test_adding_leads_to_the_cart_and_the_badge_counts_pieces(client):
    make_variant(make_product("Print"))

    answer = client.post("/cart/add/print/", {"quantity": 2})

    assert (answer.status_code, answer["Location"]) == (303, "/cart/")
    cookie = answer.cookies["cart"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 30 * 86_400)
    assert "<b>2</b>" in client.get("/shop/").content.decode()
    assert CartLine.objects.get().quantity == 2


def test_one_piece_is_added_where_no_quantity_is_sent(client):
    make_variant(make_product("Print"))

    client.post("/cart/add/print/")

    assert CartLine.objects.get().quantity == 1


def test_the_badge_needs_no_query(client, django_assert_num_queries):
    make_variant(make_product("Print"))
    client.post("/cart/add/print/", {"quantity": 2})
    site()
    shop_settings()

    with django_assert_num_queries(3):  # products, their variants, and which kinds there are
        page = client.get("/shop/").content.decode()

    assert "<b>2</b>" in page


def test_the_chosen_variant_goes_into_the_cart(client):
    product = make_product("Print")
    make_variant(product, title="Small")
    large = make_variant(product, title="Large")

    client.post("/cart/add/print/", {"variant": str(large.pk)})

    assert CartLine.objects.get().variant == large


@pytest.mark.parametrize("quantity", ["abc", "0", "-1", "1000000000", "1.5", "9" * 5000, "\x00"])
def test_a_quantity_that_makes_no_sense_shows_the_product_again(client, quantity):
    make_variant(make_product("Print"))

    answer = client.post("/cart/add/print/", {"quantity": quantity})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<p><a href="#quantity">Choose a quantity from 1 to 999.</a></p>' in page
    control = re.search(r'<input id="quantity"[^>]*>', page)[0]
    assert f'type="text" name="quantity" value="{quantity}"' in control
    assert 'aria-invalid="true" aria-describedby="quantity_error"' in control
    assert '<p class="error" id="quantity_error">Choose a quantity from 1 to 999.</p>' in page
    assert not answer.cookies
    assert not Cart.objects.exists()


@pytest.mark.parametrize("variant", ["abc", "0198f7a0-0000-7000-8000-000000000000", "\x00", ""])
def test_a_choice_that_is_not_the_products_shows_the_product_again(client, variant):
    product = make_product("Print")
    make_variant(product, title="Small")
    make_variant(product, title="Large")
    make_variant(make_product("Other"))

    answer = client.post("/cart/add/print/", {"variant": variant})

    page = answer.content.decode()
    error = re.search(r'<p class="error" id="choices_error">([^<]+)</p>', page)[1]
    assert answer.status_code == 422
    assert "Not in the cart yet" in page
    assert f'<a href="#choices">{error}</a>' in page
    assert 'id="choices" tabindex="-1" aria-describedby="choices_error"' in page
    assert not Cart.objects.exists()


def test_another_products_variant_is_refused(client):
    make_variant(make_product("Print"))
    other = make_variant(make_product("Other"))

    answer = client.post("/cart/add/print/", {"variant": str(other.pk)})

    assert answer.status_code == 422
    assert not CartLine.objects.exists()


def test_what_is_sold_out_is_refused_in_words(client):
    make_variant(make_product("Print"), available=0)

    answer = client.post("/cart/add/print/")

    assert answer.status_code == 422
    assert "Print is sold out." in answer.content.decode()
    assert not Cart.objects.exists()


def test_retired_and_unpublished_things_are_refused():
    cart = make_cart()
    retired = make_variant(status=Variant.Status.RETIRED)
    draft = make_variant(make_product(live=False))

    for variant in (retired, draft):
        with pytest.raises(ShopError, match="no longer offered"):
            add_to_cart(cart, variant=variant, quantity=1)
    with pytest.raises(SoldOut):
        add_to_cart(cart, variant=make_variant(available=0), quantity=1)

    assert cart.count_pieces() == 0


def test_an_unknown_product_cannot_be_added(client):
    assert client.post("/cart/add/nothing/").status_code == 404
    assert client.get("/cart/add/nothing/").status_code == 405


def test_a_line_is_full_at_999_and_the_cart_says_so(client):
    variant = make_variant(make_product("Print"), available=None)
    cart = make_cart((variant, 998))
    carry_cart(client, cart)

    client.post("/cart/add/print/", {"quantity": 5})

    assert cart.lines.get().quantity == 999
    assert "More than 999 do not fit." in client.get("/cart/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_count_as_two():
    variant, cart = make_variant(), make_cart()
    together = Barrier(2)

    def click(_number):
        together.wait(timeout=10)
        try:
            add_to_cart(cart, variant=variant, quantity=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(click, range(2)))

    assert cart.lines.get().quantity == 2


def test_quantities_change_and_nought_takes_the_line_out(client):
    keep, drop = make_variant(), make_variant()
    cart = make_cart((keep, 1), (drop, 1))
    carry_cart(client, cart)
    first, second = cart.lines.all()

    answer = client.post("/cart/update/", {f"quantity-{first.pk}": "3", f"quantity-{second.pk}": "0"})

    assert answer.status_code == 303
    assert list(cart.lines.values_list("variant", "quantity")) == [(keep.pk, 3)]
    assert CartCookie.read(client.get("/cart/").wsgi_request).count == 3


def test_remove_takes_only_its_line_out(client):
    keep, drop = make_variant(), make_variant()
    cart = make_cart((keep, 1), (drop, 1))
    carry_cart(client, cart)
    first, second = cart.lines.all()

    client.post("/cart/update/", {f"quantity-{first.pk}": "7", "remove": str(second.pk)})

    assert list(cart.lines.values_list("variant", "quantity")) == [(keep.pk, 1)]


@pytest.mark.parametrize("quantity", ["abc", "-1", "1000000000"])
def test_a_wrong_quantity_in_the_cart_is_shown_with_what_is_wrong(client, quantity):
    cart = make_cart((make_variant(make_product("Print")), 2))
    carry_cart(client, cart)
    line = cart.lines.get()

    answer = client.post("/cart/update/", {f"quantity-{line.pk}": quantity})

    page = answer.content.decode()
    field = f"id_quantity-{line.pk}"
    assert answer.status_code == 422
    assert f'<a href="#{field}">Print: Choose a quantity from 0 to 999.</a>' in page
    control = re.search(rf'<input id="{field}"[^>]*>', page)[0]
    assert 'type="text"' in control, "a browser shows only numbers in a field for numbers"
    assert f'value="{quantity}"' in control
    assert f'aria-invalid="true" aria-describedby="{field}_error"' in control
    assert f'<p class="error" id="{field}_error">Choose a quantity from 0 to 999.</p>' in page
    assert cart.lines.get().quantity == 2


def test_with_one_wrong_quantity_no_other_changes(client):
    cart = make_cart((make_variant(), 1), (make_variant(), 1))
    carry_cart(client, cart)
    first, second = cart.lines.all()

    client.post("/cart/update/", {f"quantity-{first.pk}": "5", f"quantity-{second.pk}": "abc"})

    assert list(cart.lines.values_list("quantity", flat=True)) == [1, 1]


def test_lines_of_another_cart_cannot_be_changed(client):
    carry_cart(client, make_cart((make_variant(), 1)))
    other = make_cart((make_variant(), 1)).lines.get()

    client.post("/cart/update/", {f"quantity-{other.pk}": "5", "remove": str(other.pk)})

    other.refresh_from_db()
    assert other.quantity == 1


def test_a_cookie_that_was_tampered_with_is_an_empty_cart(client):
    cart = make_cart((make_variant(), 1))
    carry_cart(client, cart)
    good = client.cookies["cart"].value

    for bad in (good[:-1], good.replace(".1", ".2"), f"{cart.pk}.1", "", "\x00", "a:b:c"):
        client.cookies["cart"] = bad
        answer = client.get("/cart/")

        assert answer.status_code == 200
        assert "The cart is empty." in answer.content.decode()


def test_a_cart_that_is_gone_is_empty_and_a_new_one_begins(client):
    make_variant(make_product("Print"))
    cart = make_cart()
    carry_cart(client, cart)
    cart.delete()

    assert "The cart is empty." in client.get("/cart/").content.decode()
    assert client.post("/cart/add/print/").status_code == 303
    assert CartLine.objects.count() == 1


@pytest.mark.parametrize("many", [2, 40])
def test_the_cart_takes_five_queries_whatever_is_in_it(client, django_assert_max_num_queries, many):
    make_shop()
    carry_cart(client, make_cart(*((make_variant(), 1) for _ in range(many))))
    site()
    shop_settings()

    with django_assert_max_num_queries(5):
        answer = client.get("/cart/")

    assert answer.content.count(b'name="quantity-') == many


def test_the_cart_shows_what_it_costs(client):
    make_shop()
    carry_cart(client, make_cart((make_variant(price=14_000), 1)))

    page = client.get("/cart/").content.decode()

    for amount in ("€140.00", "€6.00", "€146.00", "€27.30"):
        assert amount in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda variant: Product.objects.update(status=Product.Status.DRAFT), "No longer offered."),
        (lambda variant: Product.objects.update(deactivate_date=timezone.now()), "No longer offered."),
        (lambda variant: Variant.objects.update(status=Variant.Status.RETIRED), "No longer offered."),
        (lambda variant: Product.objects.update(on_sale_from="2099-01-01T00:00Z"), "Not on sale yet."),
        (lambda variant: Variant.objects.update(available=1), "Only 1 left."),
    ],
)
def test_what_can_no_longer_be_bought_says_why_at_its_line(client, change, words):
    variant = make_variant(make_product("Print"))
    cart = make_cart((variant, 2))
    carry_cart(client, cart)
    change(variant)

    page = client.get("/cart/").content.decode()

    assert f'<span class="status bad">{words}</span>' in page
    assert "cannot be bought as it is" in page
    assert 'href="/checkout/"' not in page
    assert ('href="/shop/print/"' in page) == (client.get("/shop/print/").status_code == 200)
    assert cart.lines.get().quantity == 2


def test_what_has_sold_out_since_is_said_at_its_line(client):
    variant = make_variant(make_product("Print"), available=1)
    carry_cart(client, make_cart((variant, 1)))
    Variant.objects.filter(pk=variant.pk).update(available=0)

    assert '<span class="status bad">Sold out.</span>' in client.get("/cart/").content.decode()


def test_a_buyer_is_not_told_sold_out_of_what_is_held_for_them(client):
    make_shop()
    cart = make_cart((make_variant(make_product("Print"), available=1), 1))
    carry_cart(client, cart)
    place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)

    page = client.get("/cart/").content.decode()

    assert "sold out" not in page.lower()
    assert "These are held for you" in page
    assert 'href="/checkout/"' in page


def test_the_badge_follows_a_cart_that_was_emptied_elsewhere(client):
    cart = make_cart((make_variant(), 2))
    carry_cart(client, cart)
    set_quantity(cart.lines.get(), quantity=0)

    client.get("/cart/")

    assert "<b>" not in client.get("/shop/").content.decode().partition("</header>")[0]
    assert Product.objects.count() == 1


def test_a_form_from_another_site_is_refused():
    from django.test import Client

    make_variant(make_product("Print"))
    strict = Client(enforce_csrf_checks=True)

    foreign = strict.post("/cart/add/print/", headers={"sec-fetch-site": "cross-site"})
    own = strict.post("/cart/add/print/", headers={"sec-fetch-site": "same-origin"})

    assert (foreign.status_code, own.status_code) == (403, 303)


def test_htmx_gets_a_sentence_and_the_new_badge_instead_of_a_redirect(client):
    make_shop()
    product = make_product("Night Bus")
    make_variant(product, available=3)

    response = client.post(f"/cart/add/{product.slug}/", {"quantity": "2"}, headers={"hx-request": "true"})

    page = response.content.decode()
    assert response.status_code == 200
    assert "Night Bus is in the cart, 2 added." in page
    assert "2 pieces in your cart." in page
    assert '<a class="cart" id="cart-link" href="/cart/" data-hx-swap-oob="true">Cart<b>2</b>' in page
    assert "<html" not in page
    assert "cart" in response.cookies


def test_htmx_is_told_why_nothing_was_added(client):
    make_shop()
    product = make_product("Night Bus")
    make_variant(product, available=3)

    response = client.post(f"/cart/add/{product.slug}/", {"quantity": "-1"}, headers={"hx-request": "true"})

    assert response.status_code == 422
    assert "Choose a quantity from 1 to 999." in response.content.decode()
    assert response.cookies == {}


HTMX = {"hx-request": "true"}


def said(response):
    return re.search(r'<p class="hide" id="said"[^>]*>(.*?)</p>', response.content.decode())[1].strip()


def test_htmx_changes_a_quantity_in_place_and_is_told_what_happened(client):
    make_shop()
    cart = make_cart((make_variant(make_product("Night Bus"), price=1_000), 1))
    line = cart.lines.get()
    carry_cart(client, cart)

    response = client.post("/cart/update/", {f"quantity-{line.pk}": "3"}, headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in page
    assert said(response) == "The cart is changed. 3 pieces in your cart. Total: €36.00."
    assert 'data-hx-swap-oob="true" aria-current="page">Cart<b>3</b>' in page
    assert f'id="id_quantity-{line.pk}" type="number" name="quantity-{line.pk}" value="3"' in page
    assert CartCookie.signer().unsign(response.cookies["cart"].value).endswith(".3")


def test_htmx_is_told_what_is_out_and_the_focus_goes_to_the_next_line(client):
    make_shop()
    prints = [make_variant(make_product(title), price=1_000) for title in ("One", "Two", "Three")]
    cart = make_cart(*((each, 1) for each in prints))
    one, two, three = cart.lines.all()
    carry_cart(client, cart)

    middle = client.post("/cart/update/", {"remove": str(two.pk)}, headers=HTMX)
    last = client.post("/cart/update/", {"remove": str(three.pk)}, headers=HTMX)
    none = client.post("/cart/update/", {"remove": str(one.pk)}, headers=HTMX)

    assert said(middle).startswith("Two is out of the cart. 2 pieces in your cart.")
    assert f'value="{three.pk}" formnovalidate autofocus' in middle.content.decode()
    assert f'value="{one.pk}" formnovalidate autofocus' in last.content.decode()
    assert said(none) == "One is out of the cart. The cart is empty."
    assert 'href="/shop/" autofocus>See what is in the shop' in none.content.decode()
    assert [page.content.decode().count(" autofocus") for page in (middle, last, none)] == [1, 1, 1]


def test_htmx_gets_the_cart_again_with_what_is_wrong(client):
    make_shop()
    cart = make_cart((make_variant(), 1))
    line = cart.lines.get()
    carry_cart(client, cart)

    response = client.post("/cart/update/", {f"quantity-{line.pk}": "-3"}, headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 422
    assert 'role="alert" tabindex="-1" autofocus' in page
    assert "<html" not in page
    assert CartLine.objects.get().quantity == 1


def test_htmx_without_a_cart_is_led_to_an_empty_one(client):
    response = client.post("/cart/update/", {"remove": "x"}, headers=HTMX, follow=True)

    assert response.status_code == 200
    assert "<html" not in response.content.decode()
    assert said(response) == "The cart is empty."


def test_more_than_there_is_does_not_go_into_the_cart(client):
    product = make_product("Night Bus")
    make_variant(product, available=3)

    response = client.post(f"/cart/add/{product.slug}/", {"quantity": "4"})

    assert response.status_code == 422
    assert "Only 3 left of Night Bus." in response.content.decode()
    assert not Cart.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_while_it_is_added_is_refused_in_words(client, monkeypatch):
    make_shop()
    variant = make_variant(make_product("Print"), available=None)

    def add_and_lose(cart, **what):
        line = add_to_cart(cart, **what)
        gone = Variant.objects.filter(pk=variant.pk)
        gone._raw_delete(gone.db)  # as another process would, which cannot see this line yet
        return line

    monkeypatch.setattr("shopfolio.ecommerce.views.cart.add_to_cart", add_and_lose)

    answer = client.post("/cart/add/print/")

    assert answer.status_code == 422
    assert f"{variant} is no longer offered." in answer.content.decode()
    assert not CartLine.objects.exists()
    assert not answer.cookies
