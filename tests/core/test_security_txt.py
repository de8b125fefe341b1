"""Whom to tell of a weakness, as RFC 9116 has it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from shopfolio.core.models import Policy, Profile
from shopfolio.core.services import forget_site
from tests.factories import make_page

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

OURS = "http://127.0.0.1:8000"


def fields(client):
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.content.decode().splitlines()
    return [tuple(line.split(": ", 1)) for line in lines]


def test_it_says_whom_to_tell_and_where_it_stands(client):
    Profile.objects.create(pk=Profile.ID, name="Ines Calder", email="ines@example.org", language="pt")

    with time_machine.travel(datetime(2026, 11, 24, 3, tzinfo=UTC), tick=False):
        make_page(Policy, "Security")
        told = fields(client)

    assert told == [
        ("Contact", "mailto:ines@example.org"),
        ("Contact", f"{OURS}/contact/"),
        ("Expires", "2027-05-23T03:00:00Z"),
        ("Canonical", f"{OURS}/.well-known/security.txt"),
        ("Preferred-Languages", "pt"),
        ("Policy", f"{OURS}/policies/security/"),
    ]


@pytest.mark.parametrize("years", [0, 1, 30])
def test_it_never_expires(client, years):
    now = datetime(2026 + years, 3, 1, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        forget_site()
        expires = datetime.fromisoformat(dict(fields(client))["Expires"])

    assert timedelta(days=30) < expires - now < timedelta(days=366)


def test_without_an_address_and_a_policy_it_names_the_form_alone(client):
    names = [name for name, _value in fields(client)]

    assert names == ["Contact", "Expires", "Canonical", "Preferred-Languages"]


def test_a_policy_that_is_a_draft_is_not_named(client):
    make_page(Policy, "Security", live=False)

    assert "Policy" not in dict(fields(client))
