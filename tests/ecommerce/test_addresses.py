"""The addresses that somebody keeps in their account, and what the checkout makes of them."""

import pytest

from shopfolio.ecommerce.exceptions import TooManyAddresses
from shopfolio.ecommerce.models import Address, Order
from shopfolio.ecommerce.services.addresses import keep_address
from shopfolio.ecommerce.services.pricing import price_cart
from tests.factories import ADDRESS, carry_cart, make_cart, make_shop, make_variant
from tests.race.threads import all_at_once
from tests.users.people import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

ROOM = "/account/addresses/"
OFFICE = {**ADDRESS, "name": "Studio Reis", "address_line1": "Praça Velha 3", "company": "Reis Lda"}


@pytest.fixture(autouse=True)
def shop():
    make_shop()


@pytest.fixture
def marta(client):
    person = make_person("marta@example.org", first_name="Marta", last_name="Reis", phone="+351 1")
    client.force_login(person)
    return person


def kept(person):
    return list(Address.objects.filter(user=person).values_list("name", "comes_first"))


def test_an_address_is_added_changed_put_first_and_taken_out(client, marta):
    assert client.post(f"{ROOM}new/", ADDRESS)["Location"] == ROOM
    client.post(f"{ROOM}new/", OFFICE)
    assert kept(marta) == [("Marta Reis", True), ("Studio Reis", False)]

    office = Address.objects.get(name="Studio Reis")
    client.post(f"{ROOM}{office.pk}/", OFFICE | {"city": "Porto"})
    client.post(f"{ROOM}{office.pk}/do/", {"do": "first"})
    page = client.get(ROOM).content.decode()
    assert kept(marta) == [("Studio Reis", True), ("Marta Reis", False)]
    assert "Porto" in page
    assert "Portugal" in page

    client.post(f"{ROOM}{office.pk}/do/", {"do": "remove"})
    assert kept(marta) == [("Marta Reis", True)]


def test_what_is_missing_is_said_and_what_was_typed_stays(client, marta):
    answer = client.post(f"{ROOM}new/", ADDRESS | {"city": "", "country": "XX"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Town: This is still empty." in page
    assert 'value="Rua da Sofia 81"' in page
    assert kept(marta) == []


def test_an_address_is_taken_out_on_its_own_page_and_not_in_the_list(client, marta):
    home = keep_address(marta, fields=ADDRESS)
    take_out = 'name="do" value="remove"'

    in_list = client.get(ROOM).content.decode()
    own_page = client.get(f"{ROOM}{home.pk}/").content.decode()
    new_page = client.get(f"{ROOM}new/").content.decode()

    assert f'href="{ROOM}{home.pk}/" aria-label="Change: ' in in_list
    assert [take_out in page for page in (in_list, own_page, new_page)] == [False, True, False]


def test_nobody_sees_or_changes_anothers(client, marta):
    theirs = keep_address(make_person("jonas@example.org"), fields=ADDRESS)

    assert ADDRESS["address_line1"] not in client.get(ROOM).content.decode()
    assert client.get(f"{ROOM}{theirs.pk}/").status_code == 404
    assert client.post(f"{ROOM}{theirs.pk}/", OFFICE).status_code == 404
    assert client.post(f"{ROOM}{theirs.pk}/do/", {"do": "remove"}).status_code == 404
    assert Address.objects.get().name == "Marta Reis"


def test_the_twenty_first_is_refused_in_words(client, marta):
    for number in range(Address.MOST):
        keep_address(marta, fields=ADDRESS | {"name": f"Number {number}"})

    with pytest.raises(TooManyAddresses):
        keep_address(marta, fields=OFFICE)
    answer = client.post(f"{ROOM}new/", OFFICE)

    assert answer.status_code == 422
    assert "You keep 20 addresses already." in answer.content.decode()
    assert keep_address(marta, fields=ADDRESS | {"name": "Number 7"}).name == "Number 7"


@pytest.mark.django_db(transaction=True)
def test_of_many_kept_at_once_one_comes_first():
    marta = make_person("marta@example.org")

    all_at_once(6, lambda number: keep_address(marta, fields=ADDRESS | {"name": f"Number {number}"}).name)

    assert Address.objects.filter(user=marta).count() == 6
    assert Address.objects.filter(user=marta, comes_first=True).count() == 1


def test_the_checkout_begins_with_the_first_address_and_offers_the_others(client, marta):
    keep_address(marta, fields=ADDRESS)
    office = keep_address(marta, fields=OFFICE)
    carry_cart(client, make_cart((make_variant(), 1)))

    first = client.get("/checkout/").content.decode()
    other = client.get(f"/checkout/?address={office.pk}").content.decode()
    strange = client.get("/checkout/?address=nonsense").content.decode()

    for page in (first, strange):
        assert 'value="Rua da Sofia 81"' in page
        assert 'value="marta@example.org"' in page
        assert f'href="?address={office.pk}"' in page
    assert 'value="Praça Velha 3"' in other
    assert 'value="Reis Lda"' in other


@pytest.mark.parametrize(("wish", "number"), [({"keep_address": "on"}, 1), ({}, 0)])
def test_an_address_typed_at_the_checkout_is_kept_only_on_wish(client, marta, wish, number):
    cart = make_cart((make_variant(price=0), 1))
    make_shop(shipping_price=0)
    carry_cart(client, cart)
    fields = {"email": "marta@example.org", **ADDRESS, "terms": "on", "total": price_cart(cart).total}

    answer = client.post("/checkout/", fields | wish, headers={"Sec-Fetch-Site": "same-origin"})

    assert answer["Location"] == Order.objects.get().get_absolute_url()
    assert Address.objects.filter(user=marta, **ADDRESS).count() == number


def test_a_stranger_is_not_asked_whether_to_keep_an_address(client):
    carry_cart(client, make_cart((make_variant(), 1)))

    assert "keep_address" not in client.get("/checkout/").content.decode()
