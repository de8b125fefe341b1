from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shopfolio.core import services
from shopfolio.core.models import Profile
from shopfolio.ecommerce.admin.fields import PercentField
from shopfolio.ecommerce.models import InvoicePDF, Order, Product, ShopSettings, StockMovement, Variant
from shopfolio.ecommerce.services import stock
from shopfolio.users.models import CustomUser
from tests.admin_forms import change_page, filled_in
from tests.factories import make_paid_order, make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

Kind = StockMovement.Kind


def ledger(variant: Variant) -> list[tuple[str, int]]:
    return list(variant.movements.order_by("created").values_list("kind", "quantity"))


def test_a_price_is_shown_and_taken_in_major_units(owner_client):
    make_shop()
    variant = make_variant(price=2_450)
    page = owner_client.get(change_page(variant.product))
    form = filled_in(page)
    assert form["variants-0-price"] == "24.50"

    answer = owner_client.post(change_page(variant.product), form | {"variants-0-price": "30,5"})

    assert answer.status_code == 302
    variant.refresh_from_db()
    assert variant.price == 3_050


@pytest.mark.parametrize("price", ["12.345", "-1", "free", "1e9", "NaN"])
def test_a_price_that_is_none_is_refused(owner_client, price):
    make_shop()
    variant = make_variant(price=2_450)
    form = filled_in(owner_client.get(change_page(variant.product)))

    page = owner_client.post(change_page(variant.product), form | {"variants-0-price": price})

    assert page.status_code == 200
    assert page.context["errors"]
    variant.refresh_from_db()
    assert variant.price == 2_450


def test_a_currency_without_decimals_has_none_in_the_form(owner_client):
    make_shop()
    Profile.objects.update(currency="JPY")
    variant = make_variant(price=2_450)

    form = filled_in(owner_client.get(change_page(variant.product)))
    page = owner_client.post(change_page(variant.product), form | {"variants-0-price": "24.5"})

    assert form["variants-0-price"] == "2450"
    assert page.status_code == 200
    assert Variant.objects.get().price == 2_450


def test_delivery_costs_are_taken_in_major_units(owner_client):
    make_shop()
    address = reverse("admin:ecommerce_shopsettings_change", args=[ShopSettings.ID])
    form = filled_in(owner_client.get(address))
    assert (form["shipping_price"], form["shipping_free_from"]) == ("6.00", "")

    answer = owner_client.post(address, form | {"shipping_price": "7.5", "shipping_free_from": "100"})

    assert answer.status_code == 302
    shop = ShopSettings.objects.get()
    assert (shop.shipping_price, shop.shipping_free_from) == (750, 10_000)


def test_a_counted_figure_goes_through_the_ledger(owner_client):
    make_shop()
    variant = make_variant(available=10)
    form = filled_in(owner_client.get(change_page(variant.product)))

    owner_client.post(change_page(variant.product), form | {"variants-0-on_shelf": "7"})

    variant.refresh_from_db()
    assert variant.available == 7 == StockMovement.shelf_by_ledger(variant.pk)
    assert ledger(variant) == [(Kind.RECEIVED, 10), (Kind.CORRECTED, -3)]


def test_saving_without_a_new_figure_leaves_the_ledger_alone(owner_client):
    make_shop()
    variant = make_variant(available=10)
    form = filled_in(owner_client.get(change_page(variant.product)))

    owner_client.post(change_page(variant.product), form | {"variants-0-title": "A2"})

    variant.refresh_from_db()
    assert (variant.title, variant.available) == ("A2", 10)
    assert ledger(variant) == [(Kind.RECEIVED, 10)]


def test_pieces_sold_while_the_form_was_open_stay_sold(owner_client):
    make_shop()
    variant = make_variant(available=10)
    form = filled_in(owner_client.get(change_page(variant.product)))
    make_paid_order((variant, 2))

    owner_client.post(change_page(variant.product), form | {"variants-0-on_shelf": "15"})

    variant.refresh_from_db()
    assert variant.available == 13 == StockMovement.shelf_by_ledger(variant.pk)


def test_more_than_is_left_cannot_be_counted_away(owner_client):
    make_shop()
    variant = make_variant(available=3)
    form = filled_in(owner_client.get(change_page(variant.product)))
    make_paid_order((variant, 2))

    page = owner_client.post(change_page(variant.product), form | {"variants-0-on_shelf": "0"}, follow=True)

    assert "Only 1 left" in page.content.decode()
    variant.refresh_from_db()
    assert variant.available == 1 == StockMovement.shelf_by_ledger(variant.pk)


def test_a_new_variants_figure_is_received(owner_client):
    make_shop()
    product = make_product()
    form = filled_in(owner_client.get(change_page(product)))
    new = {
        "sku": "A2",
        "price": "24",
        "on_shelf": "5",
        "kind": "physical",
        "status": "on_sale",
        "position": "0",
    }
    form |= {f"variants-0-{name}": value for name, value in new.items()}
    form |= {
        "variants-TOTAL_FORMS": "1",
        "variants-0-product": str(product.pk),
        "variants-0-unit_code": "C62",
    }

    answer = owner_client.post(change_page(product), form)

    assert answer.status_code == 302
    variant = product.variants.get()
    assert (variant.price, variant.available) == (2_400, 5)
    assert ledger(variant) == [(Kind.RECEIVED, 5)]


def test_an_unlimited_variant_can_be_counted_and_set_free_again(owner_client):
    make_shop()
    variant = make_variant(available=None)
    make_paid_order((variant, 2))
    form = filled_in(owner_client.get(change_page(variant.product)))

    owner_client.post(change_page(variant.product), form | {"variants-0-on_shelf": "5"})
    variant.refresh_from_db()
    counted = (variant.available, StockMovement.shelf_by_ledger(variant.pk))
    form = filled_in(owner_client.get(change_page(variant.product)))
    owner_client.post(change_page(variant.product), form | {"variants-0-on_shelf": ""})

    assert counted == (5, 5)
    variant.refresh_from_db()
    assert variant.available is None


def test_a_variant_that_has_moved_cannot_be_deleted(owner_client):
    make_shop()
    variant = make_variant(available=10)
    form = filled_in(owner_client.get(change_page(variant.product)))

    page = owner_client.post(change_page(variant.product), form | {"variants-0-DELETE": "on"})

    assert page.status_code == 200
    assert Variant.objects.filter(pk=variant.pk).exists()


def test_a_changed_product_shows_at_once(owner_client):
    client = Client()
    make_shop()
    variant = make_variant(make_product("Tide Table"), price=2_450)
    address = variant.product.get_absolute_url()
    before = client.get(address).content.decode()
    form = filled_in(owner_client.get(change_page(variant.product)))

    owner_client.post(change_page(variant.product), form | {"title": "Night Bus", "variants-0-price": "31"})

    after = client.get(address).content.decode()
    assert "Tide Table" in before
    assert "€24.50" in before
    assert "Night Bus" in after
    assert "€31.00" in after


def test_orders_can_neither_be_added_nor_changed_nor_deleted(owner_client):
    make_shop()
    order = make_paid_order()
    address = reverse("admin:ecommerce_order_change", args=[order.pk])

    answers = [
        owner_client.get(reverse("admin:ecommerce_order_add")),
        owner_client.post(address, {"status": "refunded", "total": "1"}),
        owner_client.post(reverse("admin:ecommerce_order_delete", args=[order.pk]), {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    order.refresh_from_db()
    assert (order.status, order.total) == (Order.Status.PAID, 14_600)


def test_an_order_shows_what_happened_to_it(owner_client):
    make_shop()
    order = make_paid_order()

    page = owner_client.get(reverse("admin:ecommerce_order_change", args=[order.pk])).content.decode()

    assert order.get_absolute_url() in page
    assert order.invoices.get().number in page
    assert "€146.00" in page
    assert order.sessions.get().session_id in page


def test_an_order_is_marked_as_sent_once(owner_client):
    make_shop()
    order = make_paid_order()
    address = reverse("admin:ecommerce_order_do", args=[order.pk, "mark_as_sent"])

    first, second = owner_client.post(address), owner_client.post(address)

    assert (first.status_code, second.status_code) == (302, 404)
    order.refresh_from_db()
    assert (order.status, order.fulfilment) == (Order.Status.PAID, Order.Fulfilment.SENT)
    assert timezone.now() - order.sent_at < timedelta(minutes=1)
    sent = order.events.filter(why="Sent.").get()
    assert sent.by == CustomUser.objects.get()


def test_what_is_not_paid_is_not_sent(owner_client):
    make_shop()
    order = make_paid_order()
    Order.objects.update(status=Order.Status.REFUNDED)

    chosen = {"action": "mark_as_sent", "_selected_action": [order.pk]}
    owner_client.post(reverse("admin:ecommerce_order_changelist"), chosen)

    order.refresh_from_db()
    assert (order.fulfilment, order.sent_at) == (Order.Fulfilment.OPEN, None)
    assert not order.events.filter(why="Sent.").exists()


def test_staff_with_the_right_reads_an_invoice_and_others_do_not(owner_client, client, private_files):
    make_shop()
    invoice = make_paid_order().invoices.get()
    file = ContentFile(b"%PDF-1.7 test", name=f"{invoice.number}.pdf")
    InvoicePDF.objects.create(invoice=invoice, file=file, sha256="0" * 64)
    address = reverse("admin:ecommerce_invoice_pdf", args=[invoice.pk])

    mine = owner_client.get(address)
    assert (mine.status_code, mine.headers["Content-Type"]) == (200, "application/pdf")
    assert b"".join(mine.streaming_content) == b"%PDF-1.7 test"

    client.force_login(CustomUser.objects.create_user("staff@example.org", is_staff=True))
    assert client.get(address).status_code == 404


def test_no_list_needs_more_queries_for_more_rows(owner_client, monkeypatch):
    monkeypatch.setattr(services, "SITE_LIVES", 3_600)
    make_shop()
    variant = make_variant(available=None)
    lists = ["order", "product", "stockmovement", "invoice", "stripesession", "cart"]
    addresses = {model: reverse(f"admin:ecommerce_{model}_changelist") for model in lists}
    owner_client.get(addresses["order"])  # what is kept between requests is kept from here on
    counts = []
    for rows in (5, 45):
        for _ in range(rows):
            make_paid_order((variant, 1))
            make_variant()
        counts.append({model: queries_of(owner_client, address) for model, address in addresses.items()})

    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 12


def queries_of(browser, address):
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_a_draft_is_seen_at_its_own_address_by_staff_only(owner_client, client):
    make_shop()
    product = make_product(live=False)
    link = product.get_absolute_url()

    page = owner_client.get(change_page(product)).content.decode()
    seen = owner_client.get(link).status_code
    client.logout()

    assert link in page
    assert (seen, client.get(link).status_code) == (200, 404)


def test_stock_moves_while_the_owner_only_looks(owner_client):
    """The ledger can be read, and only the services write it."""
    make_shop()
    variant = make_variant(available=1)
    stock.correct(variant.pk, -1, note="Dropped")

    page = owner_client.get(reverse("admin:ecommerce_stockmovement_changelist")).content.decode()
    add = owner_client.get(reverse("admin:ecommerce_stockmovement_add"))

    assert "Dropped" in page
    assert add.status_code == 403


@pytest.mark.parametrize(("written", "kept"), [("23", 2300), ("5,5 %", 550), ("0", 0), ("", None)])
def test_a_tax_rate_is_written_in_percent_and_kept_exactly(written, kept):
    assert PercentField(required=False).clean(written) == kept


@pytest.mark.parametrize("written", ["abc", "1e999", "NaN", "0.001", "101", "-1"])
def test_what_is_no_tax_rate_is_refused(written):
    field = Product._meta.get_field("tax_rate").formfield(form_class=PercentField)

    with pytest.raises(ValidationError):
        field.clean(written)


def test_a_kept_tax_rate_is_shown_in_percent():
    assert [PercentField().prepare_value(rate) for rate in (2300, 550, 0, 1000)] == ["23", "5.5", "0", "10"]


def test_what_is_wrong_in_a_long_form_is_listed_above_it_with_the_way_there(owner_client):
    make_shop()
    variant = make_variant(price=2_450)
    form = filled_in(owner_client.get(change_page(variant.product)))
    assert "to-mend" not in owner_client.get(change_page(variant.product)).content.decode()

    page = owner_client.post(
        change_page(variant.product), form | {"title": "", "variants-0-price": "free"}
    ).content.decode()

    listed = page[page.index('<ul class="to-mend">') : page.index("</ul>", page.index("to-mend"))]
    assert '<a href="#id_title">Title</a>: This field is required.' in listed
    assert '<a href="#id_variants-0-price">Variant 1, Price</a>: An amount such as' in listed


def test_a_unit_is_chosen_by_its_word_and_another_one_stays(owner_client):
    make_shop()
    variant = make_variant(unit_code="XPP")
    page = owner_client.get(change_page(variant.product))
    assert '<option value="HUR">hour</option>' in page.content.decode()

    owner_client.post(change_page(variant.product), filled_in(page) | {"variants-0-price": "30"})

    variant.refresh_from_db()
    assert (variant.unit_code, variant.price) == ("XPP", 3_000)
