"""The newsletter in an account: no second confirmation, for the address is shown to be theirs."""

import pytest
from allauth.account.models import EmailAddress

from shopfolio.core.models import Subscriber
from shopfolio.tasks.models import Email
from tests.users.people import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

ADDRESS = "/account/newsletter/"


@pytest.fixture
def person(client):
    person = make_person("ana@example.org")
    client.force_login(person)
    return person


def statuses():
    return list(Subscriber.objects.values_list("email", "status"))


def test_whoever_asks_gets_it_at_once_and_can_leave(client, person):
    assert "You do not get it" in client.get(ADDRESS).content.decode()

    answer = client.post(ADDRESS, {"wish": "get"})
    assert (answer.status_code, answer["Location"]) == (303, ADDRESS)
    assert statuses() == [("ana@example.org", "confirmed")]
    assert "It goes to ana@example.org" in client.get(ADDRESS).content.decode()

    client.post(ADDRESS, {"wish": "leave"})
    assert statuses() == [("ana@example.org", "left")]
    client.post(ADDRESS, {"wish": "get"})
    assert statuses() == [("ana@example.org", "confirmed")]
    assert not Email.objects.exists()


def test_an_address_that_waits_for_its_confirmation_needs_it_no_longer(client, person):
    Subscriber.objects.create(email="Ana@Example.org", token_hash="x")

    client.post(ADDRESS, {"wish": "get"})

    assert statuses() == [("Ana@Example.org", "confirmed")]
    assert Subscriber.objects.get().token_hash == ""


def test_an_address_that_is_not_confirmed_gets_nothing(client, person):
    EmailAddress.objects.update(verified=False)

    client.post(ADDRESS, {"wish": "get"})

    assert statuses() == []
    assert "Please confirm your address first" in client.get(ADDRESS).content.decode()
