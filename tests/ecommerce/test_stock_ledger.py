"""The product's page: its ledger, what may be written into it, and rows that have an order."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from shopfolio.ecommerce.models import ProductImage, StockMovement
from shopfolio.users.models import CustomUser
from shopfolio.users.roles import Role
from tests.admin_forms import change_page, filled_in
from tests.factories import make_paid_order, make_product, make_shop, make_staff, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture(autouse=True)
def _shop():
    make_shop()


def move(client, variant, **fields):
    sent = {"variant": str(variant.pk), "kind": "received", "quantity": "5", "reason": "New print run"}
    return client.post(reverse("admin:ecommerce_product_stock", args=[variant.product.pk]), sent | fields)


def text_of(answer):
    return " ".join(answer.content.decode().split())


def ledger(variant):
    rows = variant.movements.order_by("created").values_list("kind", "quantity", "note", "by__email")
    return list(rows)[1:]  # without what the shelf began with


@pytest.mark.parametrize(
    ("kind", "left", "row"),
    [("received", 15, ("received", 5)), ("gone", 5, ("corrected", -5)), ("found", 15, ("corrected", 5))],
)
def test_what_comes_and_goes_is_written_down_with_reason_and_name(owner_client, kind, left, row):
    variant = make_variant(available=10)

    answer = move(owner_client, variant, kind=kind, reason="Flood in the cellar")

    assert (answer.status_code, answer["Location"]) == (302, change_page(variant.product))
    variant.refresh_from_db()
    assert variant.available == left == StockMovement.shelf_by_ledger(variant.pk)
    assert ledger(variant) == [(*row, "Flood in the cellar", CustomUser.objects.get().email)]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"reason": " "}, "This field is required."),
        ({"quantity": "0"}, "Ensure this value is greater than or equal to 1."),
        ({"kind": "gone", "quantity": "11"}, "Only 10 left"),
        ({"kind": "stolen"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_written_is_said_and_changes_nothing(owner_client, fields, error):
    variant = make_variant(available=10)

    answer = move(owner_client, variant, **fields)

    assert answer.status_code == 422
    assert error in answer.content.decode()
    variant.refresh_from_db()
    assert (variant.available, ledger(variant)) == (10, [])


def test_another_products_variant_is_no_choice(owner_client):
    mine, other = make_variant(available=10), make_variant(available=10)
    address = reverse("admin:ecommerce_product_stock", args=[mine.product.pk])

    answer = owner_client.post(
        address, {"variant": str(other.pk), "kind": "received", "quantity": "5", "reason": "x"}
    )

    assert answer.status_code == 422
    assert ledger(other) == []


def test_the_products_page_shows_its_ledger_and_no_other(owner_client):
    variant, other = make_variant(make_product(), title="A2", available=10), make_variant(available=10)
    move(owner_client, variant, reason="New print run")
    move(owner_client, other, reason="Elsewhere")
    order = make_paid_order((variant, 2))

    page = text_of(owner_client.get(change_page(variant.product)))

    assert "Received 5" in page
    assert '<td class="num" data-column="Shelf">+5</td>' in page
    assert "New print run" in page
    assert '<td class="num" data-column="Shelf">-2</td>' in page
    assert f">{order.number}</a>" in page
    assert "Elsewhere" not in page


def test_what_is_not_counted_has_no_form_for_it(owner_client):
    variant = make_variant(available=None)

    page = text_of(owner_client.get(change_page(variant.product)))

    assert "Nothing has moved yet." in page
    assert "Something came in or went" not in page


def test_a_clerk_writes_into_the_ledger_and_an_editor_does_not(client):
    variant = make_variant(available=10)
    client.force_login(make_staff(Role.EDITOR))
    assert move(client, variant).status_code == 403
    clerk = make_staff(Role.CLERK)
    client.force_login(clerk)

    assert move(client, variant).status_code == 302

    assert ledger(variant) == [("received", 5, "New print run", clerk.email)]
    assert "Stock ledger" in client.get(change_page(variant.product)).content.decode()


def test_a_figure_counted_in_the_form_says_who_counted(owner_client):
    variant = make_variant(available=10)
    form = filled_in(owner_client.get(change_page(variant.product)))

    owner_client.post(change_page(variant.product), form | {"variants-0-on_shelf": "7"})

    assert ledger(variant) == [("corrected", -3, "Counted", CustomUser.objects.get().email)]


def make_pictures(product, *names):
    for position, name in enumerate(names):
        file = ContentFile(b"avif", name=f"{name}.avif")
        ProductImage.objects.create(product=product, image=file, alt=name, position=position)


def test_pictures_are_seen_and_put_in_order_by_number(owner_client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    product = make_variant().product
    make_pictures(product, "front", "back")
    page = owner_client.get(change_page(product))
    assert page.content.decode().count("It is being made ready; pages show it in a moment.") == 2

    form = filled_in(page) | {"images-0-position": "1", "images-1-position": "0"}
    form = {name: value for name, value in form.items() if not name.endswith("-image")}
    answer = owner_client.post(change_page(product), form)

    assert answer.status_code == 302
    assert list(product.images.values_list("alt", flat=True)) == ["back", "front"]


def test_a_row_with_nothing_but_a_place_is_no_row(owner_client):
    product = make_variant().product
    form = filled_in(owner_client.get(f"{change_page(product)}?more=productimage"))
    assert form["images-TOTAL_FORMS"] == "1"

    answer = owner_client.post(change_page(product), form | {"images-0-position": "3"})

    assert answer.status_code == 302
    assert not product.images.exists()


def test_every_field_of_a_row_has_a_label(owner_client):
    variant = make_variant()

    page = owner_client.get(change_page(variant.product)).content.decode()

    for name in ("title", "sku", "price", "on_shelf", "kind", "status", "position"):
        assert f'<label for="id_variants-0-{name}">' in page


@pytest.mark.parametrize(("model", "prefix"), [("variant", "variants"), ("productimage", "images")])
def test_without_a_script_a_link_brings_one_more_row(owner_client, model, prefix):
    address = change_page(make_variant().product)
    before = owner_client.get(address).content.decode()

    after = owner_client.get(f"{address}?more={model}").content.decode()

    row = f'id="{prefix}-{1 if model == "variant" else 0}"'
    assert f'href="?more={model}"' in before
    assert row not in before
    assert row in after
