"""The security page and what it leads to: second factor, spare codes, e-mail, password, sessions."""

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from shopfolio.tasks.models import Email
from shopfolio.users.browsers import browser_name
from shopfolio.users.models import CustomUser
from tests.factories import make_owner
from tests.users.people import PASSWORD, app_code, give_app, mailed_code, make_person, type_password

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def log_in(client, email="ana@example.org", password=PASSWORD, **fields):
    return client.post("/account/login/", {"login": email, "password": password} | fields)


def confirm(client, answer, **fields):
    """Type the password once more, where that is asked for; the page that follows."""
    assert answer["Location"].startswith("/account/confirm/")
    return client.post(answer["Location"], fields or {"password": PASSWORD})


@pytest.fixture
def ana(client):
    person = make_person()
    log_in(client)
    return person


def subjects():
    return list(Email.objects.order_by("created").values_list("subject", flat=True))


def test_the_page_shows_what_is_set_up(client, ana):
    plain = client.get("/account/security/").content.decode()
    give_app(ana)
    set_up = client.get("/account/security/").content.decode()

    assert "Set up" in plain
    assert "Spare codes" not in plain
    assert "Turn off" in set_up
    assert "10 left" in set_up


@pytest.mark.parametrize(
    ("address", "typed", "words"),
    [
        ("confirm/", {"password": "x"}, "This is not your password."),
        ("confirm/code/", {"code": "000000"}, "That did not match. Please try again"),
        ("security/password/", {"oldpassword": "x"}, "This is not the password that you have now."),
        ("security/password/", {}, "This is still empty."),
        ("security/email/", {"email": "ana@example.org", "action_add": ""}, "This is your address already."),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_site(client, ana, address, typed, words):
    give_app(ana)

    assert words in client.post(f"/account/{address}", typed).content.decode()


def test_a_refused_login_is_said_in_the_words_of_the_site(client):
    make_person()

    page = log_in(client, password="x").content.decode()

    assert "This address and this password do not go together." in page


def test_who_forgot_the_password_is_logged_out_and_led_to_a_new_one(client, ana):
    page = client.get("/account/security/password/").content.decode()
    assert 'name="next" value="/account/password/reset/"' in page

    answer = client.post("/account/logout/", {"next": "/account/password/reset/"}, follow=True)

    assert answer.redirect_chain == [("/account/password/reset/", 302)]
    assert "First a code to your address" in answer.content.decode()


def test_an_app_is_set_up_after_the_password_was_typed_again(client, ana, django_capture_on_commit_callbacks):
    page = confirm(client, client.get("/account/security/app/"))
    assert page["Location"] == "/account/security/app/"
    secret = client.get("/account/security/app/").context["form"].secret

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/account/security/app/", {"code": app_code(secret)})

    assert answer["Location"] == "/account/security/spare-codes/"
    assert set(ana.authenticator_set.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    assert len(client.get(answer["Location"]).context["unused_codes"]) == 10
    assert "Your account has a second factor now" in subjects()


def test_a_wrong_code_sets_up_no_app(client, ana):
    confirm(client, client.get("/account/security/app/"))
    client.get("/account/security/app/")

    client.post("/account/security/app/", {"code": "000000"})

    assert not Authenticator.objects.exists()


def test_with_an_app_the_password_alone_does_not_log_in(client):
    give_app(make_person())

    asked = log_in(client, next="/shop/")
    assert asked["Location"] == "/account/login/second/"
    assert client.get("/account/security/").status_code == 302, "not yet"
    answer = client.post("/account/login/second/", {"code": app_code()})

    assert answer["Location"] == "/shop/"
    assert client.get("/account/security/").status_code == 200


def test_with_an_app_a_mailed_code_alone_does_not_log_in(client):
    give_app(make_person())
    client.post("/account/login/code/", {"email": "ana@example.org"})

    answer = client.post("/account/code/", {"code": mailed_code()})

    assert answer["Location"] == "/account/login/second/"
    assert client.get("/account/security/").status_code == 302


def test_with_an_app_a_new_password_alone_does_not_log_in(client):
    give_app(make_person())
    client.post("/account/password/reset/", {"email": "ana@example.org"})
    client.post("/account/code/", {"code": mailed_code()})

    answer = client.post("/account/password/reset/new/", {"password": "eleven paper cranes"})

    assert answer["Location"] == "/account/login/second/"
    assert client.get("/account/security/").status_code == 302


@pytest.mark.parametrize("spelling", ["{}{}", "{} {}", "{}-{}", "{}.{}"])
def test_a_code_of_the_app_works_once_however_it_is_spelled(client, spelling):
    give_app(make_person())
    with time_machine.travel(timezone.now(), tick=False):
        code = app_code()
        log_in(client)
        assert client.post("/account/login/second/", {"code": code}).status_code == 302
        other = Client()
        log_in(other)
        cache.clear()  # as in another process

        again = other.post("/account/login/second/", {"code": spelling.format(code[:3], code[3:])})

    assert again.status_code == 200
    assert other.get("/account/security/").status_code == 302


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_phones_clock_may_differ_by_half_a_minute(client, steps, works):
    give_app(make_person())
    log_in(client)

    with time_machine.travel(timezone.now(), tick=False):
        client.post("/account/login/second/", {"code": app_code(steps=steps)})

    assert (client.get("/account/security/").status_code == 200) == works


def test_a_spare_code_works_once(client):
    spare = give_app(make_person()).get_unused_codes()[0]
    log_in(client)
    assert client.post("/account/login/second/", {"code": spare}).status_code == 302
    other = Client()
    log_in(other)

    again = other.post("/account/login/second/", {"code": spare})

    assert again.status_code == 200
    assert other.get("/account/security/").status_code == 302


def test_guessing_the_second_factor_ends_after_some_attempts(client):
    give_app(make_person())
    log_in(client)
    for number in range(5):
        client.post("/account/login/second/", {"code": f"{number:06}"})

    answer = client.post("/account/login/second/", {"code": app_code()})

    assert answer.status_code == 429
    assert client.get("/account/security/").status_code == 302


def test_the_app_is_turned_off_with_its_code_or_the_password(client, ana):
    give_app(ana)

    confirm(client, client.post("/account/security/app/remove/"))
    client.post("/account/security/app/remove/")

    assert not Authenticator.objects.exists(), "nor spare codes without anything to spare"
    assert "The second factor of your account is off" in subjects()


def test_spare_codes_can_be_made_anew_and_carried_away(client, ana):
    give_app(ana)
    page = confirm(client, client.get("/account/security/spare-codes/"))
    before = client.get(page["Location"]).context["unused_codes"]

    client.post("/account/security/spare-codes/new/")

    file = client.get("/account/security/spare-codes/codes.txt")
    after = client.get("/account/security/spare-codes/").context["unused_codes"]
    assert not set(after) & set(before)
    assert all(code in file.content.decode() for code in after)
    assert file["Cache-Control"].find("no-store") >= 0


def test_the_e_mail_changes_when_the_code_from_the_new_one_is_typed(client, ana):
    confirm(client, client.post("/account/security/email/", {"email": "ana@new.example", "action_add": ""}))
    ana.refresh_from_db()
    assert ana.email == "ana@example.org", "not yet"
    assert Email.objects.latest("created").to == "ana@new.example"

    answer = client.post("/account/confirm-email/", {"code": mailed_code()})

    ana.refresh_from_db()
    assert answer["Location"] == "/account/security/"
    assert ana.email == "ana@new.example"
    assert EmailAddress.objects.values_list("email", "verified").get() == ("ana@new.example", True)
    told = Email.objects.get(subject="Your account has a new e-mail address")
    assert told.to == "ana@example.org"
    assert "ana@new.example" in told.text
    assert log_in(Client(), "ana@new.example").status_code == 302


def test_somebody_elses_address_is_never_taken(client, ana):
    rui = make_person("rui@example.org")

    page = confirm(client, client.post("/account/security/email/", {"email": rui.email, "action_add": ""}))
    if Email.objects.latest("created").to == rui.email:
        client.post("/account/confirm-email/", {"code": mailed_code()})

    assert page.status_code == 302
    assert dict(CustomUser.objects.values_list("pk", "email")) == {
        ana.pk: "ana@example.org",
        rui.pk: rui.email,
    }
    assert EmailAddress.objects.get(email=rui.email, verified=True).user == rui


def test_changing_to_a_known_address_looks_like_changing_to_an_unknown_one(client, ana):
    make_person("rui@example.org")
    confirm(client, client.get("/account/security/app/"))

    pages = [
        client.post("/account/security/email/", {"email": email, "action_add": ""})
        for email in ("rui@example.org", "eva@example.org")
    ]

    assert [page["Location"] for page in pages] == ["/account/confirm-email/"] * 2


def test_a_new_password_ends_other_sessions_but_not_this_one(client, ana):
    other = Client()
    log_in(other)
    fields = {"oldpassword": PASSWORD, "password1": "eleven paper cranes", "password2": "eleven paper cranes"}

    answer = client.post("/account/security/password/", fields)

    ana.refresh_from_db()
    assert answer["Location"] == "/account/security/"
    assert ana.check_password("eleven paper cranes")
    assert client.get("/account/security/").status_code == 200
    assert other.get("/account/security/").status_code == 302
    assert "Your password was changed" in subjects()


@pytest.mark.parametrize("wrong", [{"oldpassword": "guess"}, {"password1": "short", "password2": "short"}])
def test_a_password_is_not_changed_by_a_wrong_one_nor_to_a_weak_one(client, ana, wrong):
    good = {"oldpassword": PASSWORD, "password1": "eleven paper cranes", "password2": "eleven paper cranes"}

    client.post("/account/security/password/", good | wrong)

    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)


def test_every_session_is_listed_and_the_others_can_be_ended(client, ana):
    phone = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) AppleWebKit/605 Version/19 Safari/604"})
    log_in(phone)
    page = client.get("/account/security/sessions/").content.decode()
    assert "Safari on iPhone" in page

    client.post("/account/security/sessions/")

    assert client.get("/account/security/").status_code == 200
    assert phone.get("/account/security/").status_code == 302


def test_of_very_many_sessions_the_oldest_end(client):
    person = make_person()
    browsers = [Client(headers={"X-Forwarded-For": f"203.0.{number}.1"}) for number in range(23)]

    for browser in browsers:
        assert log_in(browser).status_code == 302

    assert UserSession.objects.filter(user=person).count() == 20
    open_still = [browser.get("/account/security/").status_code == 200 for browser in browsers]
    assert open_still == [False] * 3 + [True] * 20


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/142 Safari/537 Edg/142", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537 Chrome/142 Mobile Safari/537", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15) AppleWebKit/605 Version/19 Safari/605", "Safari on Mac"),
        ("curl/8.1", "Some program"),
        ("", "Some program"),
    ],
)
def test_a_browser_is_called_as_people_know_it(agent, name):
    assert browser_name(agent) == name


def test_what_happens_at_the_door_is_in_the_log(client, caplog):
    person = make_person()

    log_in(client, password="wrong")
    log_in(client)

    lines = [record.msg for record in caplog.records if record.name == "shopfolio.users.adapter"]
    assert [line["event"] for line in lines] == ["password refused", "logged in"]
    assert lines[1]["user_id"] == str(person.pk)
    assert "ana@example.org" not in str(lines)


def test_a_person_whom_the_owner_entered_confirms_their_address_at_the_first_login(client):
    CustomUser.objects.create_user("ana@example.org", PASSWORD)

    asked = log_in(client)
    assert asked["Location"] == "/account/confirm-email/"
    answer = client.post("/account/confirm-email/", {"code": mailed_code()})

    assert answer["Location"] == "/account/"
    assert EmailAddress.objects.get().verified
    assert log_in(Client())["Location"] == "/account/"


def test_the_owner_logs_in_without_confirming_anything(client):
    make_owner(email="ines@example.org", password=PASSWORD)

    answer = log_in(client, "ines@example.org", next="/admin/")

    assert answer["Location"] == "/admin/"
    assert not Email.objects.exists()


@pytest.mark.parametrize(
    "address", ["security/app/remove/", "security/passkeys/1/", "security/passkeys/1/remove/"]
)
def test_nobody_reaches_what_is_somebody_elses(client, ana, address):
    rui = make_person("rui@example.org")
    give_app(rui)
    key = Authenticator.objects.create(user=rui, type="webauthn", data={"name": "Phone", "credential": {}})
    confirm(client, client.get("/account/security/app/"))

    answer = client.post(f"/account/{address}".replace("/1/", f"/{key.pk}/"), {"name": "Mine"})

    assert answer.status_code == 404
    assert rui.authenticator_set.count() == 3
    key.refresh_from_db()
    assert key.data["name"] == "Phone"


@pytest.fixture
def guest(client):
    """Somebody who logged in with an account elsewhere, or by a mailed code, and has no password."""
    person = make_person()
    person.set_unusable_password()
    person.save()
    client.force_login(person)
    return person


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "/account/data/erase/"),
        ("post", "/account/data/export/"),
        ("post", "/account/security/email/"),
        ("get", "/account/security/app/"),
        ("get", "/account/security/passkeys/add/"),
        ("get", "/account/security/password/first/"),
        ("post", "/account/security/password/first/"),
    ],
)
def test_who_has_no_password_is_asked_for_a_mailed_code(client, guest, method, address):
    fields = {"email": "ana@new.example", "action_add": "", "password1": PASSWORD, "password2": PASSWORD}

    answer = getattr(client, method)(address, fields)

    assert answer["Location"].startswith("/account/confirm/mail/?next=")
    guest.refresh_from_db()
    assert not guest.has_usable_password()
    assert guest.erase_at is None
    assert not Email.objects.exists()
    assert PASSWORD not in str(dict(client.session))


def test_after_the_mailed_code_what_was_wished_is_done(client, guest):
    asked = client.post("/account/data/erase/")["Location"]
    assert "Before this goes on, we mail a code" in client.get(asked).content.decode()
    client.post(asked, {"send": "1"})
    assert "A mail is on its way" in client.get(asked).content.decode()

    wrong = client.post(asked, {"code": "000000x"})
    right = client.post(asked, {"code": mailed_code()})

    assert wrong.status_code == 422
    assert right.status_code == 303
    guest.refresh_from_db()
    assert guest.erase_at is not None
    assert client.get("/account/security/app/").status_code == 200, "for five minutes nobody asks again"


def test_a_mailed_code_is_asked_for_again_after_five_minutes(client, guest):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        type_password(client, guest)
        clock.shift(299)
        assert client.get("/account/security/app/").status_code == 200
        clock.shift(2)
        assert client.get("/account/security/app/").status_code == 302


def test_guessing_that_code_ends_after_three_attempts(client, guest):
    client.post("/account/confirm/mail/", {"send": "1"})
    for _ in range(3):
        assert client.post("/account/confirm/mail/", {"code": "000000x"}).status_code == 422

    client.post("/account/confirm/mail/", {"code": mailed_code()})

    assert client.get("/account/security/app/").status_code == 302


def test_who_has_a_password_is_asked_for_that_and_not_for_a_mailed_code(client, ana):
    client.post("/account/confirm/mail/", {"send": "1"})

    assert not Email.objects.exists()
    assert client.get("/account/confirm/mail/")["Location"].startswith("/account/confirm/?next=")


def test_the_password_is_set_only_after_the_code_of_the_app(client, guest):
    give_app(guest)

    assert client.get("/account/security/password/first/")["Location"].startswith("/account/confirm/code/")
