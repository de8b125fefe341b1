"""The owner in the back office while people buy."""

import pytest
from django.test import Client

from shopfolio.ecommerce.admin.catalog import VariantForm
from shopfolio.ecommerce.models import StockMovement, Variant
from shopfolio.ecommerce.services import stock
from tests.admin_forms import change_page, filled_in
from tests.counts import count
from tests.factories import make_cart, make_product, make_shop, make_variant
from tests.race.buying import buy
from tests.race.protections import Meeting, meet_after
from tests.race.results import told
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


@pytest.fixture
def product():
    """With two variants, the younger one first on its page."""
    make_shop()
    product = make_product("Tide Table")
    make_variant(product, available=8, position=2, title="A3")
    make_variant(product, available=8, position=1, title="A2")
    return product


def at_once(*acts):
    return all_at_once(len(acts), lambda index: acts[index]())


def save(client: Client, product, **changes):
    """Post the product's page as it is now, with changes: `on_shelf_0="7"` is the first variant's."""
    form = filled_in(client.get(change_page(product)))
    fields = {f"variants-{name[-1]}-{name[:-2]}": value for name, value in changes.items()}
    return lambda: client.post(change_page(product), form | fields).status_code


def test_the_owner_and_a_buyer_do_not_wait_for_each_other(product, owner_client, monkeypatch):
    """One has its first row before the other reaches for its second, if it can."""
    older, younger = product.variants.order_by("pk")
    cart = make_cart((older, 1), (younger, 1))
    press_save = save(owner_client, product, sku_0="NEW-0", sku_1="NEW-1", on_shelf_0="13", on_shelf_1="13")
    meeting = Meeting(sure=False)
    meet_after(monkeypatch, meeting, stock, "reserve")
    meet_after(monkeypatch, meeting, VariantForm, "save")

    outcomes = at_once(press_save, lambda: buy(cart))

    assert outcomes == {"302": 1, "ordered": 1}
    for variant in Variant.objects.all():
        assert variant.available == StockMovement.shelf_by_ledger(variant.pk) == 12


def test_what_the_owner_counts_while_people_buy_ends_in_the_ledger(shop, product, owner_client):
    """The owner takes out one piece of each and puts in two, over and over; buyers want the same two."""
    [older, younger] = product.variants.order_by("pk")
    rounds, buyers = count(4, 25), count(8, 40)
    browsers = [shop.browser() for _ in range(buyers)]

    def buy_over_http(index):
        for variant in (younger, older)[:: 1 if index % 2 else -1]:
            if browsers[index].add(product, variant=variant.pk).status_code != 303:
                return "not added"
        return shop.press_pay(browsers[index], 2 * 14_000 + 600)

    def count_over_and_over(_index):
        for number in range(rounds):
            change = 2 if number % 2 else -1
            shown = filled_in(owner_client.get(change_page(product)))
            counted = {
                name: str(max(0, int(shown[name]) + change))
                for name in ("variants-0-on_shelf", "variants-1-on_shelf")
            }
            assert owner_client.post(change_page(product), shown | counted).status_code == 302
        return "counted"

    with told(f"{buyers} buyers, and the owner counts the same shelf {rounds} times") as row:
        row.outcome = all_at_once(
            buyers + 1, lambda index: buy_over_http(index) if index < buyers else count_over_and_over(index)
        )

    assert row.outcome["counted"] == 1
    assert row.outcome["sent to Stripe"] + row.outcome["sold out"] + row.outcome["not added"] == buyers
    for variant in Variant.objects.all():
        assert variant.available == StockMovement.shelf_by_ledger(variant.pk)
        reserved = sum(variant.movements.filter(kind="reserved").values_list("quantity", flat=True))
        assert reserved == row.outcome["sent to Stripe"]
    shop.assert_nothing_went_wrong()
