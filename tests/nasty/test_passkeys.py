"""What a browser is told to send of a passkey, with nonsense in every part: never an error of ours."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tests.users.people import PASSWORD, give_app, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

B64 = "AAAA"
GOOD = {
    "id": B64, "rawId": B64, "type": "public-key", "clientExtensionResults": {},
    "response": {
        "clientDataJSON": B64, "authenticatorData": B64, "signature": B64, "userHandle": B64,
        "attestationObject": B64,
    },
}  # fmt: skip
JUNK = [None, False, 0, 1.5, "", "x", "é", "\x00", "=", [1], {}]


def variants():
    """Junk in the place of the whole, of each part, and of each part of a part; each part missing, too."""
    yield from JUNK
    for name in GOOD:
        yield {key: value for key, value in GOOD.items() if key != name}
        yield from (GOOD | {name: junk} for junk in JUNK)
    for name in GOOD["response"]:
        yield GOOD | {"response": {key: value for key, value in GOOD["response"].items() if key != name}}
        yield from (GOOD | {"response": GOOD["response"] | {name: junk}} for junk in JUNK)


BODIES = [*(json.dumps(each) for each in variants()), "", "{", "nul", "[" * 200, "1e999", '{"a":' * 100]


def statuses_of(browser, address, monkeypatch):
    """How often each status came; the limits are not what is tried here."""
    monkeypatch.setattr("shopfolio.users.limits.take", lambda *args, **kwargs: None)
    browser.raise_request_exception = False
    found = {}
    browser.get(address, headers={"Accept": "application/json"})  # makes the challenge
    for body in BODIES:
        status = browser.post(address, {"credential": body, "name": "x", "passwordless": "on"}).status_code
        found.setdefault(status, body)
    return found


def test_a_login_by_passkey_may_send_anything(monkeypatch):
    found = statuses_of(Client(), "/account/login/passkey/", monkeypatch)

    assert set(found) == {302}, found


@pytest.mark.parametrize("address", ["security/passkeys/add/", "confirm/passkey/"])
def test_who_is_logged_in_may_send_anything(client, monkeypatch, address):
    give_app(make_person())
    client.force_login(make_person("rui@example.org"))
    client.post("/account/confirm/", {"password": PASSWORD})

    found = statuses_of(client, f"/account/{address}", monkeypatch)

    assert set(found) <= {200, 302}, found
    assert not Authenticator.objects.filter(user__email="rui@example.org").exists()


def test_the_second_step_may_send_anything(client, monkeypatch):
    give_app(make_person())
    client.post("/account/login/", {"login": "ana@example.org", "password": PASSWORD})

    found = statuses_of(client, "/account/login/second/", monkeypatch)

    assert set(found) == {200}, found
