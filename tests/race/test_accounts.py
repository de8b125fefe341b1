"""Many at once at the doors of an account: a code, a password, a sign-up."""

import time
from collections import Counter

import pytest
from allauth.account import forms as allauth_forms
from allauth.account.models import EmailAddress
from django.test import Client

from shopfolio.users import codes
from shopfolio.users.models import CustomUser
from shopfolio.users.roles import Role
from tests.factories import make_staff
from tests.race.threads import all_at_once
from tests.users.people import PASSWORD, log_in_as, mailed_code, make_person, type_password

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

TOGETHER = 12


def same_browser(client):
    twin = Client()
    twin.cookies = client.cookies
    return twin


def ask_for_a_code(address, **fields):
    client = Client()
    assert client.post(f"/account/{address}", {"email": "ana@example.org"} | fields).status_code == 303
    return client


def test_of_many_guesses_at_one_code_at_once_three_are_looked_at(monkeypatch):
    looked_at = []
    compare = codes.constant_time_compare
    monkeypatch.setattr(codes, "constant_time_compare", lambda *two: looked_at.append(two) or compare(*two))
    make_person()
    client = ask_for_a_code("login/code/")
    right = mailed_code()

    def guess(number):
        wrong = f"{(int(right) + 1 + number) % 1_000_000:06}"
        return same_browser(client).post("/account/code/", {"code": wrong}).status_code

    outcomes = all_at_once(TOGETHER, guess)

    assert len(looked_at) == 3
    assert outcomes["422"] <= 3
    assert client.post("/account/code/", {"code": right}).status_code == 303
    assert client.get("/account/security/").status_code == 302


def test_of_many_guesses_at_the_code_for_a_new_address_at_once_three_are_looked_at(monkeypatch):
    looked_at = []
    compare = allauth_forms.compare_user_code

    def slowly(**codes):  # so that all have read the session before one of them writes it
        looked_at.append(codes)
        time.sleep(0.1)
        return compare(**codes)

    monkeypatch.setattr(allauth_forms, "compare_user_code", slowly)
    person, client = make_person(), Client()
    client.force_login(person)
    type_password(client, person)
    client.post("/account/security/email/", {"email": "office@example.org", "action_add": "1"})
    right = mailed_code()

    def guess(number):
        wrong = f"{(int(right) + 1 + number) % 1_000_000:06}"
        return same_browser(client).post("/account/confirm-email/", {"code": wrong}).status_code

    outcomes = all_at_once(TOGETHER, guess)

    assert len(looked_at) == 3
    assert outcomes["429"] >= 1
    client.post("/account/confirm-email/", {"code": right})
    assert CustomUser.objects.get().email == "ana@example.org"
    assert not EmailAddress.objects.filter(email="office@example.org", verified=True).exists()


def test_of_many_guesses_at_one_password_at_once_five_are_looked_at():
    make_person()
    statuses: Counter[int] = Counter()

    def guess(number):
        fields = {"login": "ana@example.org", "password": f"guess {number}"}
        visitor = {"X-Forwarded-For": f"203.0.{number}.1"}
        statuses.update([Client().post("/account/login/", fields, headers=visitor).status_code])

    all_at_once(TOGETHER, guess)

    assert statuses == {200: 5, 429: TOGETHER - 5}


@pytest.mark.parametrize("way", ["change", "delete"])
def test_of_two_owners_who_end_each_other_at_once_one_stays(monkeypatch, way):
    looks = CustomUser.is_last_owner.fget

    def slowly(user):  # so that both have looked before either of them is done
        is_last = looks(user)
        time.sleep(0.2)
        return is_last

    monkeypatch.setattr(CustomUser, "is_last_owner", property(slowly))
    owners = [make_staff(Role.OWNER, email=f"{name}@example.org") for name in ("ana", "rui")]
    browsers = [Client(), Client()]
    for browser, owner in zip(browsers, owners, strict=True):
        log_in_as(browser, owner)
        type_password(browser, owner)

    def end(number):
        other = owners[1 - number]
        sent = {"email": other.email, "is_active": "on"} if way == "change" else {"post": "yes"}
        page = f"/admin/users/customuser/{other.pk}/{way}/"
        return browsers[number].post(page, sent).status_code

    outcomes = all_at_once(2, end)

    assert outcomes["302"] == 1, outcomes
    assert CustomUser.owners().count() == 1


def test_a_sign_up_confirmed_by_many_clicks_makes_one_account_and_lets_each_in():
    client = ask_for_a_code("signup/", password=PASSWORD)
    code = mailed_code()

    outcomes = all_at_once(
        3, lambda number: same_browser(client).post("/account/code/", {"code": code}).status_code
    )

    assert outcomes == {"302": 3}
    assert CustomUser.objects.count() == 1
    assert EmailAddress.objects.values_list("email", "verified").get() == ("ana@example.org", True)


def test_two_browsers_that_sign_up_with_one_address_make_one_account():
    browsers = []
    for number in range(2):
        browser = ask_for_a_code("signup/", password=f"{PASSWORD} {number}")
        browsers.append((browser, mailed_code()))

    def confirm(number):
        browser, code = browsers[number]
        return browser.post("/account/code/", {"code": code}).status_code

    outcomes = all_at_once(2, confirm)

    assert outcomes == {"302": 1, "303": 1}
    assert CustomUser.objects.count() == EmailAddress.objects.count() == 1
