"""Signing up, logging in and out, choosing a new password, by hand."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from shopfolio.tasks.models import Email, Job
from shopfolio.users.limits import HOUR
from shopfolio.users.models import CustomUser, Tally
from shopfolio.users.urls import LOGIN
from tests.factories import make_owner
from tests.users.people import PASSWORD, mailed_code, make_person, type_password

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def ask(client, address, **fields):
    return client.post(f"/account/{address}", {"email": "ana@example.org"} | fields)


def sign_up(client, **fields):
    return ask(client, "signup/", **({"password": PASSWORD} | fields))


def type_code(client, code):
    return client.post("/account/code/", {"code": code})


def try_password(client, password, visitor="203.0.113.5", **fields):
    fields = {"login": "ines@example.org", "password": password} | fields
    return client.post("/account/login/", fields, headers={"X-Forwarded-For": visitor})


def is_logged_in(client):
    return client.get("/account/security/").status_code == 200


def test_an_account_is_opened_by_the_code_that_was_mailed(client):
    asked = sign_up(client, next="/shop/")
    assert (asked.status_code, asked["Location"]) == (303, "/account/code/")
    assert not CustomUser.objects.exists(), "nobody has shown yet that the address is theirs"

    opened = type_code(client, mailed_code())

    user = CustomUser.objects.get()
    assert (opened.status_code, opened["Location"]) == (302, "/shop/")
    assert user.email == "ana@example.org"
    assert user.check_password(PASSWORD)
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert EmailAddress.objects.values_list("email", "verified", "primary").get() == (user.email, True, True)
    assert is_logged_in(client)


def test_the_code_is_mailed_through_the_outbox(client):
    sign_up(client)

    email = Email.objects.get()
    assert (email.to, email.status) == ("ana@example.org", Email.Status.QUEUED)
    assert email.subject == "Your code to confirm this address"
    assert mailed_code() in email.html
    assert Job.objects.get().name == "tasks.send_email"


def test_a_wrong_code_opens_nothing_and_the_third_one_ends_it(client):
    sign_up(client)
    right = mailed_code()
    wrong = "000000" if right != "000000" else "111111"

    answers = [type_code(client, wrong) for _ in range(3)]
    late = type_code(client, right)

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert late["Location"] == "/account/signup/"
    assert not CustomUser.objects.exists()


def test_a_code_works_in_the_browser_that_asked_for_it_alone(client):
    sign_up(client)

    answer = type_code(Client(), mailed_code())

    assert answer["Location"] == "/account/login/"
    assert not CustomUser.objects.exists()


def test_a_code_is_too_old_after_a_quarter_of_an_hour(client):
    sign_up(client)

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        answer = type_code(client, mailed_code())

    assert answer["Location"] == "/account/login/"
    assert not CustomUser.objects.exists()


def test_a_code_can_be_had_again_and_the_first_ends(client):
    sign_up(client)
    first = mailed_code()
    client.post("/account/code/again/")
    second = mailed_code()

    refused = type_code(client, first) if first != second else None
    opened = type_code(client, second)

    assert refused is None or refused.status_code == 422
    assert opened.status_code == 302
    assert CustomUser.objects.get().check_password(PASSWORD)


def test_who_has_an_account_is_told_so_by_mail_and_nothing_changes(client):
    person = make_person()

    sign_up(client, password="an entirely other one")

    assert Email.objects.get().subject == "You have an account already"
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_an_account_opened_meanwhile_stays_as_it_is(client):
    sign_up(client)
    make_person()

    answer = type_code(client, mailed_code())

    assert answer["Location"] == "/account/login/"
    assert CustomUser.objects.count() == 1
    assert not is_logged_in(client)


@pytest.mark.parametrize(
    "password", ["short one", "123456789012345", "ana@example.org", "1q2w3e4r5t6y", "", "qwertyuiop123"]
)
def test_a_weak_password_is_refused(client, password):
    answer = ask(client, "signup/", password=password)

    assert answer.status_code == 422
    assert "password" in answer.context["form"].errors
    assert not Email.objects.exists()


def test_passwords_are_kept_as_argon2():
    from shopfolio import settings

    assert settings.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_a_mailed_code_logs_in(client):
    make_person()
    ask(client, "login/code/", next="/cart/")

    answer = type_code(client, mailed_code())

    assert answer["Location"] == "/cart/"
    assert is_logged_in(client)


def test_a_code_does_not_log_in_who_was_shut_out(client):
    make_person(is_active=False)

    ask(client, "login/code/")

    assert Email.objects.get().subject == "There is no account for this address"


def test_a_mailed_code_leads_to_a_new_password_and_ends_other_sessions(client):
    person = make_person()
    elsewhere = Client()
    elsewhere.force_login(person)
    ask(client, "password/reset/")
    assert client.get("/account/password/reset/new/")["Location"] == "/account/password/reset/", "not yet"

    confirmed = type_code(client, mailed_code())
    answer = client.post("/account/password/reset/new/", {"password": "eleven paper cranes"})

    person.refresh_from_db()
    assert confirmed["Location"] == "/account/password/reset/new/"
    assert answer["Location"] == "/account/"
    assert person.check_password("eleven paper cranes")
    assert is_logged_in(client)
    assert not is_logged_in(elsewhere)
    assert Email.objects.latest("created").subject == "Your password was changed"


def test_a_new_password_may_not_be_weak(client):
    person = make_person()
    ask(client, "password/reset/")
    type_code(client, mailed_code())

    answer = client.post("/account/password/reset/new/", {"password": "password1234"})

    assert answer.status_code == 422
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_guessing_passwords_ends_after_some_attempts(client):
    make_owner(email="ines@example.org", password="a long enough password")
    for number in range(5):
        assert try_password(client, f"guess {number}", visitor=f"203.0.{number}.5").status_code == 200

    response = try_password(client, "a long enough password")

    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 300


def test_who_knows_the_password_may_log_in_as_often_as_they_like(client):
    make_owner(email="ines@example.org", password="a long enough password")

    for _ in range(8):
        assert try_password(client, "a long enough password").status_code == 302
        client.logout()


def test_behind_a_proxy_one_visitors_guesses_do_not_lock_out_another(client):
    make_owner(email="ines@example.org", password="a long enough password")
    for number in range(20):
        fields = {"login": f"guess{number}@example.org", "password": "wrong"}
        client.post("/account/login/", fields, headers={"X-Forwarded-For": "198.51.100.9"})

    refused = try_password(client, "a long enough password", visitor="198.51.100.9")
    response = try_password(client, "a long enough password")

    assert refused.status_code == 429
    assert (response.status_code, response["Location"]) == (302, "/account/")


@pytest.mark.parametrize(
    "there",
    [
        "//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/",
        "javascript:alert(1)", "http://127.0.0.1:8000@evil.example/", "http:///evil.example",
    ],
)  # fmt: skip
def test_a_login_never_leads_to_another_site(client, there):
    make_owner(email="ines@example.org", password="a long enough password")
    assert try_password(client, "a long enough password", next=there)["Location"] == "/account/"
    client.logout()

    ask(client, "login/code/", email="ines@example.org", next=there)

    assert type_code(client, mailed_code())["Location"] == "/account/"
    assert client.get("/account/login/", {"next": there})["Location"] == "/account/"


def test_a_login_does_not_say_whether_an_address_is_known(client):
    make_owner(email="ines@example.org", password="a long enough password")
    pages = []
    for email in ("ines@example.org", "nobody@example.org"):
        page = client.post("/account/login/", {"login": email, "password": "wrong"})
        pages.append((page.status_code, page.context["form"].errors.as_json()))

    assert pages[0] == pages[1]


def test_a_login_begins_a_new_session(client):
    make_owner(email="ines@example.org", password="a long enough password")
    client.cookies["sessionid"] = "a" * 32

    try_password(client, "a long enough password")

    assert client.cookies["sessionid"].value != "a" * 32


@time_machine.travel("2026-11-20 12:00", tick=False)
def test_who_logs_in_without_pause_is_asked_to_wait_in_our_design(client):
    for _ in range(20):
        client.post("/account/login/", {"login": "x", "password": "x"})

    answer = client.post("/account/login/", {"login": "x", "password": "x"})

    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "One stroke at a time." in answer.content.decode()


@pytest.mark.parametrize("way", ["login/code/", "password/reset/"])
@pytest.mark.parametrize("change", [{"email": "new@example.org"}, None], ids=["another address", "gone"])
def test_a_code_to_an_address_that_nobody_has_any_more_opens_nothing(client, way, change):
    person = make_person()
    client.post(f"/account/{way}", {"email": person.email})
    code = mailed_code()
    if change:
        CustomUser.objects.update(**change)
    else:
        person.delete()

    answer = client.post("/account/code/", {"code": code})

    assert (answer.status_code, answer["Location"]) == (303, f"/account/{way}")
    assert "_auth_user_id" not in client.session
    assert not EmailAddress.objects.filter(email="new@example.org").exists()


def test_an_address_that_changes_before_the_new_password_is_typed_keeps_the_old_one(client):
    person = make_person()
    client.post("/account/password/reset/", {"email": person.email})
    client.post("/account/code/", {"code": mailed_code()})
    CustomUser.objects.update(email="new@example.org")

    answer = client.post("/account/password/reset/new/", {"password": "eleven paper cranes"})

    assert (answer.status_code, answer["Location"]) == (303, "/account/password/reset/")
    assert CustomUser.objects.get().check_password(PASSWORD)
    assert "_auth_user_id" not in client.session


def test_a_code_that_was_asked_for_is_forgotten_at_another_login(client):
    person = make_person()
    client.post("/account/login/code/", {"email": person.email})

    client.post("/account/login/", {"login": person.email, "password": PASSWORD})

    assert "mailed_code" not in client.session
    assert client.session.get_expiry_age() > 15 * 60


def test_behind_a_socket_file_where_nobody_has_an_address_people_log_in(client):
    person = make_person()

    answer = client.post("/account/login/", {"login": person.email, "password": PASSWORD}, REMOTE_ADDR="")

    assert answer["Location"] == "/account/"
    assert UserSession.objects.get().ip == "0.0.0.0"  # noqa: S104


def test_guessing_many_passwords_from_many_networks_ends_and_passkeys_still_log_in(client):
    client.post("/account/login/", {"login": "ana@example.org", "password": "wrong"})
    Tally.objects.filter(scope="account/login/all/3600").update(count=LOGIN.for_all[HOUR])
    elsewhere = {"X-Forwarded-For": "198.51.100.7"}

    refused = client.post("/account/login/", {"login": "rui@example.org", "password": "x"}, headers=elsewhere)
    passkey = client.post("/account/login/passkey/", {"credential": "{}"}, headers=elsewhere)

    assert refused.status_code == 429
    assert passkey.status_code != 429


def test_nobody_gets_more_than_five_codes_an_hour(client):
    for number in range(5):
        visitor = {"X-Forwarded-For": f"203.0.{number}.5"}
        client.post("/account/login/code/", {"email": "ana@example.org"}, headers=visitor)

    refused = client.post("/account/login/code/", {"email": "Ana@example.org"})

    assert refused.status_code == 429
    assert Email.objects.count() == 5


def test_codes_of_every_kind_together_are_ten_a_day(client):
    person = make_person("rui@example.org")
    wish = {"email": "ana@example.org", "action_add": "1"}
    with time_machine.travel(datetime(2026, 11, 27, 1, tzinfo=UTC), tick=False) as clock:
        for number in range(12):
            visitor = {"X-Forwarded-For": f"203.0.{number}.5"}
            client.post("/account/login/code/", {"email": "ana@example.org"}, headers=visitor)
            insider = Client(headers=visitor)
            insider.force_login(person)
            type_password(insider, person)
            insider.post("/account/security/email/", wish)
            clock.shift(timedelta(minutes=61))

    assert Email.objects.filter(to="ana@example.org").count() == 10


@pytest.mark.parametrize(
    "address",
    [
        "", "security/", "security/password/", "security/email/", "security/sessions/", "security/app/",
        "security/spare-codes/", "security/passkeys/add/",
    ],
)  # fmt: skip
def test_a_stranger_is_asked_to_log_in_and_then_led_there(client, address):
    answer = client.get(f"/account/{address}")

    assert answer.status_code == 302
    assert unquote(answer["Location"]) == f"/account/login/?next=/account/{address}"


def test_account_pages_are_kept_nowhere(client):
    client.force_login(make_person())

    answer = client.get("/account/security/")

    assert answer["Cache-Control"] == "private, no-store"


def test_logging_out_takes_a_click(client):
    client.force_login(make_person())
    assert client.get("/account/logout/").status_code == 200
    assert is_logged_in(client)

    client.post("/account/logout/")

    assert not is_logged_in(client)
