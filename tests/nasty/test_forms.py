"""Every public form, every field of it, every nasty value: never an error of ours, nothing half done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from shopfolio.core.models import ContactMessage, Subscriber
from shopfolio.ecommerce.models import CartLine, Order, Variant
from shopfolio.ecommerce.services.checkout import place_order
from shopfolio.ecommerce.views import checkout as checkout_page
from shopfolio.tasks.models import Email
from tests.factories import carry_cart, make_cart, make_owner, make_product, make_shop, make_variant
from tests.nasty.values import NASTY, TRIED, encoded

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

Fields = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """`make` puts what the form needs into the database; gives its address and fields that are taken."""

    make: Callable[[Client], tuple[str, Fields]]
    taken: int = 303
    refused: int = 422


def contact(client: Client) -> tuple[str, Fields]:
    return "/contact/", {"name": "Ana Reis", "email": "ana@example.org", "message": "Olá", "website": ""}


def newsletter(client: Client) -> tuple[str, Fields]:
    return "/newsletter/", {"email": "ana@example.org"}


def cart_add(client: Client) -> tuple[str, Fields]:
    product = make_product("Print")
    small, _large = make_variant(product, title="Small"), make_variant(product, title="Large")
    return "/cart/add/print/", {"variant": str(small.pk), "quantity": "1"}


def cart_update(client: Client) -> tuple[str, Fields]:
    cart = make_cart((make_variant(), 2), (make_variant(), 1))
    carry_cart(client, cart)
    first, second = cart.lines.all()
    return "/cart/update/", {f"quantity-{first.pk}": "2", f"quantity-{second.pk}": "3"}


def cart_remove(client: Client) -> tuple[str, Fields]:
    carry_cart(client, make_cart((make_variant(), 2)))
    return "/cart/update/", {"remove": "nothing"}


def checkout(client: Client) -> tuple[str, Fields]:
    make_shop(shipping_price=0, ships_to=["PT", "ES"])
    file = make_variant(kind=Variant.Kind.DIGITAL, available=None, price=100)
    carry_cart(client, make_cart((make_variant(price=14_000), 1), (file, 1)))
    return "/checkout/", {
        "email": "ana@example.org", "phone": "1", "name": "Ana Reis", "address_line1": "Rua da Sofia 81",
        "address_line2": "2", "postcode": "3000-391", "city": "Coimbra", "country": "PT",
        "company": "Ana Lda", "tax_id": "PT1", "total": "14100", "waive_withdrawal": "on", "terms": "on",
    }  # fmt: skip


def login(client: Client) -> tuple[str, Fields]:
    make_owner(email="ines@example.org", password="a long enough password")
    return "/account/login/", {
        "login": "ines@example.org", "password": "a long enough password", "remember": "on", "next": "/shop/",
    }  # fmt: skip


def sign_up(client: Client) -> tuple[str, Fields]:
    return "/account/signup/", {
        "email": "joe@quick.example",  # of other letters than the values: a password must not resemble it
        "password": "seven wooden boats",
        "next": "/shop/",
    }


def login_code(client: Client) -> tuple[str, Fields]:
    return "/account/login/code/", {"email": "ana@example.org", "next": "/shop/"}


def reset(client: Client) -> tuple[str, Fields]:
    return "/account/password/reset/", {"email": "ana@example.org", "next": "/shop/"}


def leaving(client: Client) -> tuple[str, Fields]:
    subscriber = Subscriber.objects.create(email="ana@example.org")
    return f"/newsletter/unsubscribe/{subscriber.leaving_token}/", {"List-Unsubscribe": "One-Click"}


FORMS = {
    "contact": Form(contact),
    "newsletter": Form(newsletter),
    "add to cart": Form(cart_add),
    "update cart": Form(cart_update),
    "remove from cart": Form(cart_remove),
    "checkout": Form(checkout),
    "login": Form(login, taken=302, refused=200),
    "sign up": Form(sign_up),
    "login code": Form(login_code),
    "new password": Form(reset),
    "leave newsletter": Form(leaving, taken=200),
}
NO_WORDS = {
    "total", "country", "waive_withdrawal", "terms", "password", "remember", "next", "website", "variant",
}  # fmt: skip
"""Boxes, choices and what is hidden have no place for other words; a password is never written back."""


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(cart: Any, *, buyer: Any, shown_total: int, user: Any) -> str:
        place_order(cart, buyer=buyer, shown_total=shown_total)
        return "https://checkout.stripe.com/c/pay/cs_test_1"

    monkeypatch.setattr(checkout_page, "start_checkout", start)


def post(client: Client, path: str, fields: Fields) -> Any:
    return client.post(path, encoded(fields), content_type="application/x-www-form-urlencoded")


def rows() -> list[int]:
    """How many there are of what a visitor can bring about."""
    return [model.objects.count() for model in (ContactMessage, Subscriber, CartLine, Order, Email)]


@contextmanager
def undone() -> Iterator[None]:
    """What happens within is rolled back, so that every value meets the same rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def refused_fields(form: Form, answer: Any, fields: Fields) -> set[str]:
    """The fields that a form came back for; it must say so and hold what was typed."""
    page = answer.content.decode()
    assert answer.status_code == form.refused
    assert 'role="alert"' in page
    assert "<script>alert" not in page
    for name, value in fields.items():
        words = value.decode(errors="replace") if isinstance(value, bytes) else value
        assert name in NO_WORDS or escape(words) in page, f"{name} is lost"
    return set(answer.context["form"].errors)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("label", dict.fromkeys([*TRIED, "header", "empty", "long"]))
def test_whatever_is_typed_is_taken_or_named(client: Client, name: str, label: str) -> None:
    form = FORMS[name]
    path, good = form.make(client)
    nasty = dict.fromkeys(good, NASTY[label])
    refused: set[str] = set()
    before = rows()

    with undone():
        answer = post(client, path, nasty)
        if answer.status_code != form.taken:
            refused = refused_fields(form, answer, nasty)
            assert rows() == before
    # Each field decides for itself: with only the refused ones put right, the form is taken.
    with undone():
        right = {field: good[field] for field in refused | {"total"} if field in good}
        answer = post(client, path, nasty | right)

    if not refused & {"login", "password", "__all__"}:
        assert answer.status_code == form.taken


@pytest.mark.parametrize("name", FORMS)
def test_a_field_that_is_missing_or_comes_twice_is_no_error_of_ours(client: Client, name: str) -> None:
    form = FORMS[name]
    path, good = form.make(client)

    for field in good:
        with undone():
            missing = post(client, path, {each: value for each, value in good.items() if each != field})
        with undone():
            twice = post(client, path, good | {field: [good[field].encode(), b"<script>alert(1)"]})

        assert missing.status_code in {form.taken, form.refused}
        assert twice.status_code in {form.taken, form.refused}
        assert b"<script>alert" not in twice.content


@pytest.mark.parametrize("name", FORMS)
def test_a_good_form_is_taken(client: Client, name: str) -> None:
    """Without this the tests above could pass because of something else."""
    path, good = FORMS[name].make(client)

    assert post(client, path, good).status_code == FORMS[name].taken
