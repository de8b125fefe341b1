"""The rooms of an account: upper apps add theirs, and only what is there is shown."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shopfolio.core.services import subscribe_at_once
from shopfolio.users import navigation
from tests.users.people import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def security_alone(monkeypatch):
    kept = {"security": navigation._rooms["security"]}
    monkeypatch.setattr(navigation, "_rooms", kept)


def shown(client):
    page = client.get("/account/").content.decode()
    nav = re.search(r'<nav class="rooms".*?</nav>', page, re.DOTALL).group()
    return re.findall(r'<a href="([^"]+)"', nav)


def test_rooms_stand_in_their_order_whoever_added_them_first(client, security_alone):
    client.force_login(make_person())
    assert shown(client) == ["/account/", "/account/security/"]

    navigation.add("newsletter", "Newsletter", "core:newsletter")
    navigation.add("orders", "Orders", "ecommerce:find", "What you bought.")

    assert shown(client) == ["/account/", "/orders/find/", "/newsletter/", "/account/security/"]
    assert "What you bought." in client.get("/account/").content.decode()


def test_the_room_where_one_is_is_marked(client):
    client.force_login(make_person())

    page = client.get("/account/security/password/").content.decode()

    nav = re.search(r'<nav class="rooms".*?</nav>', page, re.DOTALL).group()
    assert re.findall(r'href="([^"]+)" aria-current', nav) == ["/account/security/"]


def test_every_page_leads_to_the_account_and_says_nothing_of_who_reads_it(client):
    stranger = client.get("/").content.decode()
    client.force_login(make_person())
    person = client.get("/").content.decode()

    assert stranger.count('<a href="/account/">') == 1
    assert person == stranger


@pytest.mark.parametrize("room", ["profile", "orders", "addresses", "newsletter", "security", "data"])
@pytest.mark.parametrize("days_left", [None, 14])
def test_at_most_one_button_of_a_room_stands_out(client, room, days_left):
    ana = make_person()
    ana.erase_at = timezone.now() + timedelta(days=days_left) if days_left else None
    ana.save()
    client.force_login(ana)

    page = client.get(f"/account/{room}/").content.decode()

    assert page.count('class="button"') == (room != "security")


def test_leaving_the_newsletter_does_not_stand_out(client):
    ana = make_person()
    client.force_login(ana)
    subscribe_at_once(ana.email)

    page = client.get("/account/newsletter/").content.decode()

    assert re.findall(r'class="(button[^"]*)"[^>]*>([^<]+)<', page) == [("button plain", "Unsubscribe")]
