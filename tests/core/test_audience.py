"""What visitors send: messages, and their address for the newsletter."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shopfolio.core.models import ContactMessage, Profile, Subscriber
from shopfolio.tasks.models import Email, Job
from tests.factories import make_owner
from tests.users.people import run_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}
MESSAGE = {"name": "Hanneke Vos", "email": "hanneke@example.org", "message": "There is a wall by the stairs."}


@pytest.fixture(autouse=True)
def _profile():
    Profile.objects.create(pk=Profile.ID, name="Ines Calder", email="ines@example.org")


def write(client, **fields):
    return client.post("/contact/", MESSAGE | fields, headers=OUR_PAGE)


def ask_for_newsletter(client, email="ana@example.org"):
    """The answer, and what comes of it."""
    answer = client.post("/newsletter/", {"email": email}, headers=OUR_PAGE)
    run_jobs("core.subscribe")
    return answer


def mailed_link():
    return re.search(r"http://127\.0\.0\.1:8000(/newsletter/confirm/[\w-]+/)", Email.objects.get().text)[1]


def test_a_message_is_kept_and_mailed_to_the_owner(client):
    response = write(client)

    assert (response.status_code, response["Location"]) == (303, "http://127.0.0.1:8000/contact/sent/")
    message = ContactMessage.objects.get()
    assert (message.name, message.email, message.message) == tuple(MESSAGE.values())
    assert message.status == ContactMessage.Status.NEW
    mail = Email.objects.get()
    assert (mail.to, mail.reply_to) == ("ines@example.org", "hanneke@example.org")
    assert "There is a wall by the stairs." in mail.text
    assert not response.cookies


def test_without_a_public_address_the_owner_gets_the_mail_at_their_login(client):
    Profile.objects.update(email="")
    owner = make_owner()

    write(client)

    assert Email.objects.get().to == owner.email


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", " ", "Please tell me your name."),
        ("name", "x" * 121, "Ensure this value has at most 120 characters (it has 121)."),
        ("email", "", "Where may I answer?"),
        ("email", "hanneke@", "An address such as ana@example.org."),
        ("email", "a@example.org\nBcc: b@example.org", "An address such as ana@example.org."),
        ("message", "", "There is no message yet."),
        ("message", "x" * 10_001, "Ensure this value has at most 10000 characters (it has 10001)."),
    ],
)
def test_a_wrong_field_is_named_and_nothing_typed_is_lost(client, field, value, error):
    response = write(client, **{field: value})
    page = response.content.decode()

    assert response.status_code == 422
    assert error in page
    assert f'<a href="#id_{field}">' in page
    control = re.search(rf'<(?:input|textarea)[^>]* id="id_{field}"[^>]*>', page)[0]
    assert f'id_{field}_error"' in control
    assert 'aria-invalid="true"' in control
    assert f'<p class="error" id="id_{field}_error">' in page
    assert ("Hanneke Vos" in page) == (field != "name")
    assert not ContactMessage.objects.exists()
    assert not Email.objects.exists()


def test_a_name_cannot_carry_a_header_into_the_mail(client):
    write(client, name="Ann\r\nBcc: all@example.org")

    assert ContactMessage.objects.get().name == "Ann Bcc: all@example.org"
    assert "\n" not in Email.objects.get().subject


def test_markup_in_a_message_stays_text(client):
    write(client, name="<b>Ann</b>", message="<script>alert(1)</script>")

    assert "<script>" not in Email.objects.get().html
    assert "<b>Ann" not in Email.objects.get().html


def test_a_program_that_fills_in_everything_is_thanked_and_not_heard(client):
    response = write(client, website="https://spam.example")

    assert response.status_code == 303
    assert ContactMessage.objects.get().status == ContactMessage.Status.SPAM
    assert not Email.objects.exists()


def test_the_newsletter_starts_with_the_button_behind_the_mailed_link(client):
    asked = ask_for_newsletter(client, "Ana@Example.org")
    link = mailed_link()
    looked = client.get(link)

    assert asked["Location"] == "http://127.0.0.1:8000/newsletter/sent/"
    assert looked.status_code == 200
    assert Subscriber.objects.get().status == Subscriber.Status.PENDING

    confirmed = client.post(link, headers=OUR_PAGE)

    subscriber = Subscriber.objects.get()
    assert confirmed.status_code == 200
    assert (subscriber.email, subscriber.status) == ("ana@example.org", Subscriber.Status.CONFIRMED)
    assert subscriber.confirmed_at is not None


def test_a_mailed_link_works_once(client):
    ask_for_newsletter(client)
    link = mailed_link()
    client.post(link, headers=OUR_PAGE)
    Subscriber.objects.update(status=Subscriber.Status.LEFT)

    again = client.post(link, headers=OUR_PAGE)

    assert again.status_code == 404
    assert client.get(link).status_code == 404
    assert Subscriber.objects.get().status == Subscriber.Status.LEFT


def test_a_mailed_link_is_too_old_after_a_week(client):
    ask_for_newsletter(client)
    link = mailed_link()
    Subscriber.objects.update(token_made_at=timezone.now() - timedelta(days=7, seconds=1))

    late = client.post(link, headers=OUR_PAGE)

    assert late.status_code == 404
    assert Subscriber.objects.get().status == Subscriber.Status.PENDING


def test_the_mailed_token_is_not_kept(client):
    ask_for_newsletter(client)

    token = mailed_link().split("/")[3]

    assert Subscriber.objects.get().token_hash == Subscriber.hash_of(token)
    assert token not in str(Subscriber.objects.values().get())


def test_an_address_is_asked_once_an_hour(client):
    ask_for_newsletter(client)
    ask_for_newsletter(client, "ANA@example.org")
    within_the_hour = Email.objects.count()
    Subscriber.objects.update(token_made_at=timezone.now() - timedelta(hours=1, seconds=1))
    ask_for_newsletter(client)

    assert (within_the_hour, Email.objects.count(), Subscriber.objects.count()) == (1, 2, 1)


def test_nobody_learns_who_has_the_newsletter(client):
    Subscriber.objects.create(email="ana@example.org", status=Subscriber.Status.CONFIRMED)

    known, unknown = ask_for_newsletter(client), ask_for_newsletter(client, "new@example.org")

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [mail.to for mail in Email.objects.all()] == ["new@example.org"]
    assert Subscriber.objects.get(email="ana@example.org").status == Subscriber.Status.CONFIRMED


def test_the_job_forgets_the_address_that_was_to_be_subscribed(client):
    ask_for_newsletter(client)

    job = Job.objects.get(name="core.subscribe")
    assert (job.status, job.args) == ("done", {})
    assert "ana" not in job.key


def test_a_wrong_address_for_the_newsletter_is_answered_with_the_form(client):
    response = ask_for_newsletter(client, "ana@")

    assert response.status_code == 422
    assert 'value="ana@"' in response.content.decode()
    assert not Subscriber.objects.exists()


def test_leaving_takes_a_button_on_the_page_and_one_click_in_a_mail_program(client):
    subscriber = Subscriber.objects.create(email="ana@example.org", status=Subscriber.Status.CONFIRMED)
    link = f"/newsletter/unsubscribe/{subscriber.leaving_token}/"

    looked = client.get(link)
    subscriber.refresh_from_db()

    assert looked.status_code == 200
    assert subscriber.status == Subscriber.Status.CONFIRMED

    # As RFC 8058 has it: from nowhere, without a cookie, and answered without a redirect.
    clicked = client.post(link, {"List-Unsubscribe": "One-Click"}, headers={"Origin": "null"})
    subscriber.refresh_from_db()
    left_at = subscriber.left_at
    client.post(link)
    subscriber.refresh_from_db()

    assert clicked.status_code == 200
    assert (subscriber.status, subscriber.left_at) == (Subscriber.Status.LEFT, left_at)
    assert not clicked.cookies


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + "x", lambda t: t.partition(".")[0], lambda t: "x", lambda t: "é." + t]
)
def test_a_made_up_link_takes_nobody_off_the_list(client, change):
    subscriber = Subscriber.objects.create(email="ana@example.org", status=Subscriber.Status.CONFIRMED)

    response = client.post(f"/newsletter/unsubscribe/{change(subscriber.leaving_token)}/")

    subscriber.refresh_from_db()
    assert response.status_code == 404
    assert subscriber.status == Subscriber.Status.CONFIRMED


def test_a_confirmation_link_that_never_was_confirms_nobody(client):
    Subscriber.objects.create(email="ana@example.org")

    assert client.post("/newsletter/confirm/nothing/", headers=OUR_PAGE).status_code == 404
    assert Subscriber.objects.get().status == Subscriber.Status.PENDING


def test_a_visitor_who_writes_too_often_is_asked_to_wait_and_keeps_the_words(client):
    answers = [write(client, message=f"Message {number}") for number in range(7)]

    assert [answer.status_code for answer in answers] == [303] * 5 + [429] * 2
    page = answers[6].content.decode()
    assert "That was a lot at once. Please try again in a minute." in page
    assert "Message 6</textarea>" in page
    assert 'value="hanneke@example.org"' in page
    assert answers[6]["Retry-After"] == "60"
    assert answers[6]["Cache-Control"] == "private, no-store"
    assert (ContactMessage.objects.count(), Email.objects.count()) == (5, 5)


def test_what_was_not_sent_yet_does_not_count_as_often(client):
    for _ in range(10):
        assert write(client, email="").status_code == 422

    assert write(client).status_code == 303


def test_spam_counts_as_well(client):
    for _ in range(6):
        last = write(client, website="https://spam.example")

    assert last.status_code == 429
    assert ContactMessage.objects.count() == 5


def test_a_visitor_who_subscribes_too_many_is_asked_to_wait(client):
    answers = [ask_for_newsletter(client, f"ana{number}@example.org") for number in range(6)]

    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert 'value="ana5@example.org"' in answers[5].content.decode()
    assert Subscriber.objects.count() == Email.objects.count() == 5


def test_nobody_gets_more_than_three_mails_a_day_that_they_did_not_ask_for(client):
    for _ in range(5):
        assert ask_for_newsletter(client).status_code == 303
        Subscriber.objects.update(token_made_at=timezone.now() - timedelta(hours=2))

    assert Email.objects.count() == 3
