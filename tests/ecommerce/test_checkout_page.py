import re
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from shopfolio.core.models import Policy
from shopfolio.ecommerce.exceptions import PaymentUnavailable
from shopfolio.ecommerce.models import Order, Product, StripeSession, Variant
from shopfolio.ecommerce.models.cart import CartCookie
from shopfolio.ecommerce.services.payment import mark_paid
from shopfolio.ecommerce.views import checkout as page
from tests.factories import (
    carry_cart,
    make_cart,
    make_paid_order,
    make_product,
    make_shop,
    make_variant,
    make_waiting_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

PAY_PAGE = "https://checkout.stripe.com/c/pay/cs_test_1"


@pytest.fixture
def print_cart(client):
    make_shop()
    cart = make_cart((make_variant(make_product("Print"), price=14_000), 1))
    carry_cart(client, cart)
    return cart


@pytest.fixture
def started(monkeypatch):
    """What start_checkout was called with; it opens a page at Stripe."""
    calls = []

    def start(cart, **given):
        calls.append({"cart": cart} | given)
        return PAY_PAGE

    monkeypatch.setattr(page, "start_checkout", start)
    return calls


def filled(**fields: Any) -> dict[str, Any]:
    form = {
        "email": "marta@example.org", "name": "Marta Reis", "address_line1": "Rua da Sofia 81",
        "postcode": "3000-391", "city": "Coimbra", "country": "PT", "total": "14600", "terms": "on",
    }  # fmt: skip
    return form | fields


def make_open_session(order: Order, **fields: Any) -> StripeSession:
    attempt = order.sessions.get()
    Order.objects.filter(pk=order.pk).update(status=Order.Status.AWAITING_PAYMENT)
    changes = {"session_id": "cs_test_1", "url": PAY_PAGE, "status": StripeSession.Status.OPEN}
    StripeSession.objects.filter(pk=attempt.pk).update(**(changes | fields))
    return order.sessions.get()


def test_paying_leads_to_stripe(client, print_cart, started):
    answer = client.post("/checkout/", filled())

    assert (answer.status_code, answer["Location"]) == (303, PAY_PAGE)
    [call] = started
    assert (call["cart"], call["shown_total"], call["user"]) == (print_cart, 14_600, None)
    assert call["buyer"].city == "Coimbra"
    assert call["buyer"].accepts_terms
    assert not call["buyer"].waives_withdrawal


def test_the_button_says_what_is_to_be_paid(client, print_cart):
    Policy.objects.create(title="Terms", slug="terms", status=Policy.Status.PUBLISHED)

    text = client.get("/checkout/").content.decode()

    assert "Pay €146.00" in text
    assert '<input type="hidden" name="total" value="14600">' in text
    assert 'href="/policies/terms/"' in text
    assert 'name="waive_withdrawal"' not in text


@pytest.mark.parametrize(
    "missing", ["email", "name", "address_line1", "postcode", "city", "country", "terms", "total"]
)
def test_what_is_missing_is_asked_for_and_the_rest_is_kept(client, print_cart, started, missing):
    answer = client.post("/checkout/", filled(**{missing: ""}))

    assert answer.status_code == 422
    assert "One thing to put right" in answer.content.decode()
    assert started == []
    if missing != "city":
        assert "Coimbra" in answer.content.decode()


def test_who_chose_no_country_is_asked_to(client, print_cart):
    answer = client.post("/checkout/", filled(country=""))

    assert "Please choose a country." in answer.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "marta"},
        {"email": "a@b.c\r\nBcc: x@y.zz"},
        {"name": "Marta\x00"},
        {"name": "x" * 201},
        {"country": "XX"},
        {"country": "ES"},
        {"total": "abc"},
        {"total": "-1"},
        {"total": "14600.5"},
        {"postcode": "9" * 21},
    ],
)
def test_what_makes_no_sense_is_asked_for_again(client, print_cart, started, wrong):
    shop = make_shop(ships_to=["PT"])
    assert shop.ships_to == ["PT"]

    answer = client.post("/checkout/", filled(**wrong))

    assert answer.status_code == 422
    assert started == []


def test_half_a_character_is_a_field_error():
    field = page.CheckoutForm.base_fields["name"]

    with pytest.raises(Exception, match="cannot be written down"):
        field.clean("Marta \ud800")


def test_downloads_need_no_address_but_a_word_about_withdrawal(client, started):
    make_shop()
    carry_cart(client, make_cart((make_variant(kind=Variant.Kind.DIGITAL, available=None, price=2_400), 1)))
    form = {"email": "a@example.org", "name": "Ana", "total": "2400", "terms": "on"}

    without = client.post("/checkout/", form)
    with_it = client.post("/checkout/", form | {"waive_withdrawal": "on"})

    assert (without.status_code, with_it.status_code) == (422, 303)
    assert len(started) == 1
    assert started[0]["buyer"].waives_withdrawal


def test_another_price_shows_the_new_total_and_keeps_the_form(client, print_cart):
    answer = client.post("/checkout/", filled(total="14000"))

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "the total is now €146.00" in text
    assert 'name="total" value="14600"' in text
    assert 'value="Coimbra"' in text
    assert not Order.objects.exists()


@pytest.mark.parametrize("total", ["", "abc", "-1", "14600.5", "9" * 5000])
def test_a_total_that_is_none_is_asked_for_without_a_link_to_nowhere(client, print_cart, total):
    text = client.post("/checkout/", filled(total=total)).content.decode()

    assert "<li>The total was lost on the way. Please look at it and pay below.</li>" in text
    assert "#id_total" not in text
    assert 'name="total" value="14600"' in text


def test_a_price_that_changes_between_form_and_button_is_shown_before_it_is_paid(client, print_cart):
    form = client.get("/checkout/").content.decode()
    Variant.objects.update(price=15_000)

    answer = client.post("/checkout/", filled(total=re.search(r'name="total" value="(\d+)"', form)[1]))

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "A price has changed: the total is now €156.00." in text
    assert 'name="total" value="15600"' in text
    assert 'value="Coimbra"' in text
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: Product.objects.update(status=Product.Status.DRAFT), "Print: No longer offered."),
        (lambda: Variant.objects.update(status=Variant.Status.RETIRED), "Print: No longer offered."),
    ],
)
def test_what_is_taken_off_sale_meanwhile_is_not_sold(client, print_cart, change, words):
    change()

    answer = client.post("/checkout/", filled())

    text = answer.content.decode()
    assert answer.status_code == 422
    assert words in text
    assert 'role="alert"' in text
    assert '<a href="/cart/">Change the cart</a>' in text
    assert 'value="Coimbra"' in text
    assert not Order.objects.exists()
    assert Variant.objects.get().available == 10


def test_what_is_sold_out_meanwhile_leads_back_to_the_cart(client, print_cart):
    Variant.objects.update(available=0)

    answer = client.post("/checkout/", filled())

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Print: Sold out." in text
    assert 'href="/cart/"' in text
    assert not Order.objects.exists()


def test_when_stripe_does_not_answer_the_form_is_kept(client, print_cart, monkeypatch):
    def down(*args, **kwargs):
        raise PaymentUnavailable("Nothing was charged. Please try again in a minute.")

    monkeypatch.setattr(page, "start_checkout", down)

    answer = client.post("/checkout/", filled())

    text = answer.content.decode()
    assert answer.status_code == 503
    assert "Nothing was charged. Please try again in a minute." in text
    assert 'value="Coimbra"' in text


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_empty_cart_is_shown_instead(client, method):
    carry_cart(client, make_cart())

    answer = getattr(client, method)("/checkout/")

    assert (answer.status_code, answer["Location"]) == (303, "/cart/")


def test_other_methods_are_refused(client):
    assert client.put("/checkout/").status_code == 405
    assert client.post("/checkout/return/").status_code == 405


def test_the_form_remembers_a_buyer_who_turned_back(client, started):
    order = make_waiting_order()
    carry_cart(client, order.cart)

    assert 'value="Rua da Sofia 81"' in client.get("/checkout/").content.decode()


def test_coming_back_paid_leads_to_the_order_with_an_empty_cart(client, monkeypatch):
    order = make_waiting_order()
    make_open_session(order)
    carry_cart(client, order.cart)

    def settle(session_id, *, timeout):
        assert (session_id, timeout) == ("cs_test_1", 5)
        with transaction.atomic():
            return mark_paid(Order.objects.get(pk=order.pk), attempt=None)

    monkeypatch.setattr(page, "settle", settle)

    answer = client.get("/checkout/return/", {"session_id": "cs_test_1"})

    assert (answer.status_code, answer["Location"]) == (303, order.get_absolute_url())
    assert CartCookie.read(client.get("/shop/").wsgi_request).count == 0


@pytest.mark.parametrize("is_down", [True, False])
def test_while_the_bank_thinks_the_page_looks_again_by_itself(client, monkeypatch, is_down):
    order = make_waiting_order()
    make_open_session(order)

    def settle(session_id, *, timeout):
        if is_down:
            raise PaymentUnavailable("later")

    monkeypatch.setattr(page, "settle", settle)

    answer = client.get("/checkout/return/", {"session_id": "cs_test_1"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="3; url=?session_id=cs_test_1&amp;looked=1">' in text
    assert order.get_absolute_url() in text
    assert "no-store" in answer["Cache-Control"]


def test_a_bank_that_takes_long_is_said_and_looked_at_less_often(client, monkeypatch):
    order = make_waiting_order()
    make_open_session(order)

    def settle(session_id, *, timeout):
        raise PaymentUnavailable("later")

    monkeypatch.setattr(page, "settle", settle)

    answer = client.get("/checkout/return/", {"session_id": "cs_test_1", "looked": "6"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Please do not pay again. We go on asking, and write to marta@example.org" in text
    assert '<meta http-equiv="refresh" content="20; url=?session_id=cs_test_1&amp;looked=7">' in text


def test_who_was_looked_for_often_and_has_not_paid_reads_the_order(client, monkeypatch):
    order = make_waiting_order()
    make_open_session(order)
    monkeypatch.setattr(page, "settle", lambda *args, **how: None)

    answer = client.get("/checkout/return/", {"session_id": "cs_test_1", "looked": "6"})

    assert (answer.status_code, answer["Location"]) == (303, order.get_absolute_url())


@pytest.mark.parametrize("looked", ["-1", "abc", "9999999999", "²", "", "1.5"])
def test_a_count_that_makes_no_sense_begins_anew(client, monkeypatch, looked):
    make_open_session(make_waiting_order())
    monkeypatch.setattr(page, "settle", lambda *args, **how: None)

    answer = client.get("/checkout/return/", {"session_id": "cs_test_1", "looked": looked})

    assert (answer.status_code, "looked=1" in answer.content.decode()) == (200, True)


def test_stripe_is_not_asked_about_what_is_settled(client, monkeypatch):
    order = make_paid_order()
    monkeypatch.setattr(page, "settle", lambda *args, **kwargs: pytest.fail("asked"))

    answer = client.get("/checkout/return/", {"session_id": order.sessions.get().session_id})

    assert answer["Location"] == order.get_absolute_url()


@pytest.mark.parametrize("session_id", ["cs_test_nobodys", "", "\x00", "x" * 3000])
@pytest.mark.parametrize("path", ["/checkout/return/", "/checkout/cancelled/"])
def test_a_session_that_is_not_ours_is_not_found(client, monkeypatch, path, session_id):
    make_waiting_order()
    monkeypatch.setattr(page, "settle", lambda *args, **kwargs: pytest.fail("asked"))

    assert client.get(path, {"session_id": session_id}).status_code == 404


def test_turning_back_changes_nothing(client):
    order = make_waiting_order()
    make_open_session(order)
    before = Order.objects.values().get()

    answer = client.get("/checkout/cancelled/", {"session_id": "cs_test_1"})

    text = answer.content.decode()
    assert "Nothing was charged." in text
    assert 'href="/cart/"' in text
    assert Order.objects.values().get() == before
    assert order.cart.lines.count() == 1


@pytest.mark.parametrize("status", ["paid", "refunded", "processing", "review"])
def test_who_turns_back_after_paying_does_not_read_that_nothing_was_charged(client, status):
    order = make_waiting_order()
    make_open_session(order)
    Order.objects.update(status=status, paid_at=timezone.now() if status in {"paid", "refunded"} else None)

    answer = client.get("/checkout/cancelled/", {"session_id": "cs_test_1"})

    assert (answer.status_code, answer["Location"]) == (303, order.get_absolute_url())


def test_turning_back_with_an_unfilled_placeholder_is_still_answered(client):
    answer = client.get("/checkout/cancelled/", {"session_id": "{CHECKOUT_SESSION_ID}"})

    assert answer.status_code == 200
    assert "Nothing was charged." in answer.content.decode()


def test_what_is_wrong_is_listed_in_the_order_of_the_page(client, print_cart):
    page = client.post("/checkout/", {"total": "14600"}).content.decode()

    listed = re.findall(r'<li><a href="#(\w+)">', page)
    controls = re.findall(r'<(?:input|select)[^>]* id="(\w+)"', page)
    assert listed[:3] == ["id_email", "id_name", "id_address_line1"]
    assert listed == sorted(listed, key=controls.index)
