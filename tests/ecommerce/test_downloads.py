import pytest
from django.db import transaction

from shopfolio.ecommerce.models import Entitlement, Order, ProductFile, Variant
from shopfolio.ecommerce.services.entitlements import downloads_of, grant_entitlements
from tests.factories import (
    make_file,
    make_paid_order,
    make_product,
    make_shop,
    make_variant,
    make_waiting_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def book():
    make_shop()
    return make_variant(make_product("Book"), kind=Variant.Kind.DIGITAL, available=None, price=2_400)


def address_of(order: Order, file: ProductFile) -> str:
    return f"{order.get_absolute_url()}downloads/{file.pk}/"


def test_who_paid_may_download(client, book):
    file = make_file(book.product, text="two hundred pages")
    order = make_paid_order((book, 1))

    answer = client.get(address_of(order, file))

    assert b"".join(answer.streaming_content) == b"two hundred pages"
    assert answer["Content-Disposition"] == 'attachment; filename="book.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert address_of(order, file) in client.get(order.get_absolute_url()).content.decode()


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "script.js", "feed.xml", "nothing"])
def test_a_download_never_opens_as_a_page_of_ours(client, book, name):
    file = make_file(book.product, text="<script>alert(1)</script>", filename=name)
    order = make_paid_order((book, 1))

    answer = client.get(address_of(order, file))

    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_before_it_is_paid_nothing_can_be_had(client, book):
    file = make_file(book.product)
    order = make_waiting_order((book, 1))

    assert client.get(address_of(order, file)).status_code == 404
    assert downloads_of(order) == []


def test_what_was_not_bought_is_not_found(client, book):
    other = make_file(make_product("Other"))
    order = make_paid_order((book, 1))

    assert client.get(address_of(order, other)).status_code == 404


def test_a_refunded_order_gives_nothing(client, book):
    file = make_file(book.product)
    order = make_paid_order((book, 1))
    Order.objects.filter(pk=order.pk).update(status=Order.Status.REFUNDED)

    assert client.get(address_of(order, file)).status_code == 404
    assert address_of(order, file) not in client.get(order.get_absolute_url()).content.decode()


def test_a_partly_refunded_order_keeps_what_was_not_taken_back(client, book):
    file = make_file(book.product)
    order = make_paid_order((book, 1))
    Order.objects.filter(pk=order.pk).update(status=Order.Status.PARTIALLY_REFUNDED)
    assert client.get(address_of(order, file)).status_code == 200

    Entitlement.objects.update(status=Entitlement.Status.REVOKED)

    assert client.get(address_of(order, file)).status_code == 404


def test_a_withdrawn_file_is_not_found(client, book):
    file = make_file(book.product, status=ProductFile.Status.WITHDRAWN)
    order = make_paid_order((book, 1))

    assert client.get(address_of(order, file)).status_code == 404


def test_a_file_needs_the_orders_link(client, book):
    file = make_file(book.product)
    order = make_paid_order((book, 1))

    assert client.get(f"/orders/{order.pk}/downloads/{file.pk}/").status_code == 404
    assert client.get(f"{order.get_absolute_url()}downloads/garbage/").status_code == 404


def test_a_file_that_came_later_belongs_to_earlier_buyers_too(client, book):
    order = make_paid_order((book, 1))

    file = make_file(book.product)

    assert client.get(address_of(order, file)).status_code == 200


def test_rights_are_granted_once_however_often_it_is_asked(book):
    order = make_paid_order((book, 2), (make_variant(), 1))

    with transaction.atomic():
        grant_entitlements(order)

    assert Entitlement.objects.get().product == book.product
