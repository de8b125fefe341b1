"""Messages in the back office: marked, and answered by mail."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from django.urls import reverse

from shopfolio.core.models import ContactMessage, ContactReply, Profile
from shopfolio.tasks.emails import build_message
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users.roles import Role
from tests.factories import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

WISH = "01a20a6a-c4dc-7407-b543-8152cfcfd016"


@pytest.fixture(autouse=True)
def _profile():
    Profile.objects.create(pk=Profile.ID, name="Ines Calder", email="ines@example.org")


@pytest.fixture
def message():
    return ContactMessage.objects.create(
        name="Hanneke Vos", email="hanneke@example.org", message="Is there a place?\nHanneke"
    )


def page_of(message):
    return reverse("admin:core_contactmessage_change", args=[message.pk])


def reply(client, message, text="Yes, in spring.", wish=WISH):
    address = reverse("admin:core_contactmessage_reply", args=[message.pk])
    return client.post(address, {"text": text, "wish": wish})


def status_of(message):
    return ContactMessage.objects.get(pk=message.pk).status


def test_reading_a_message_changes_nothing_and_marking_it_does(owner_client, message):
    owner_client.get(page_of(message))
    assert status_of(message) == ContactMessage.Status.NEW

    owner_client.post(reverse("admin:core_contactmessage_do", args=[message.pk, "mark_read"]))

    assert status_of(message) == ContactMessage.Status.READ


def test_the_list_begins_with_what_is_new_and_ends_with_spam(owner_client):
    for status in ("new", "spam", "answered", "new"):
        ContactMessage.objects.create(name=status, email="a@example.org", message="Hello", status=status)

    page = owner_client.get(reverse("admin:core_contactmessage_changelist"))

    listed = [message.status for message in page.context["cl"].result_list]
    assert listed == ["new", "new", "answered", "spam"]
    assert page.content.decode().count("<b>New</b>") == 2


def test_what_a_visitor_wrote_cannot_be_rewritten(owner_client, message):
    answer = owner_client.post(page_of(message), {"status": "answered", "message": "Else", "name": "Eve"})

    assert answer.status_code == 403
    assert (message.name, message.message) == ContactMessage.objects.values_list("name", "message").get()


def test_a_reply_is_mailed_kept_and_shown(owner_client, message):
    answer = reply(owner_client, message)

    assert (answer.status_code, answer["Location"]) == (302, page_of(message))
    assert status_of(message) == ContactMessage.Status.ANSWERED
    kept = ContactReply.objects.get()
    assert (str(kept.pk), kept.message, kept.text) == (WISH, message, "Yes, in spring.")
    assert kept.by == answer.wsgi_request.user
    page = owner_client.get(page_of(message)).content.decode()
    assert "Yes, in spring." in page
    assert "On its way" in page


def test_the_mail_answers_to_the_owner_and_quotes_what_was_asked(owner_client, message):
    reply(owner_client, message)

    mail = message_from_bytes(build_message(Email.objects.get()).message().as_bytes(), policy=policy.default)
    assert (mail["To"], mail["Reply-To"]) == ("hanneke@example.org", "ines@example.org")
    assert mail["From"].addresses[0].display_name == "Ines Calder"
    assert mail["Subject"] == "Re: your message to Ines Calder"
    assert mail["Auto-Submitted"] == "no"
    text = mail.get_body(("plain",)).get_content()
    assert text.startswith("Yes, in spring.\n")
    assert "> Is there a place?\n> Hanneke" in text


def test_a_reply_sent_twice_is_one(owner_client, message):
    for _ in range(2):
        reply(owner_client, message)

    assert (ContactReply.objects.count(), Email.objects.count()) == (1, 1)
    reply(owner_client, message, wish="01a20a6a-c4dc-7407-b543-8152cfcfd017")
    assert (ContactReply.objects.count(), Email.objects.count()) == (2, 2)


def test_an_empty_reply_is_asked_for_and_sends_nothing(owner_client, message):
    answer = reply(owner_client, message, text=" ")

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "There is no reply yet." in page
    assert "Is there a place?" in page
    assert not ContactReply.objects.exists()
    assert not Email.objects.exists()
    assert status_of(message) == ContactMessage.Status.NEW


@pytest.mark.parametrize(
    "email", ["a@example.org\nBcc: b@example.org", "a@example.org, b@example.org", "nobody"]
)
def test_what_is_no_address_gets_no_reply_and_the_words_stay(owner_client, message, email):
    ContactMessage.objects.filter(pk=message.pk).update(email=email)

    answer = reply(owner_client, message)

    assert answer.status_code == 422
    assert "came from no address" in answer.content.decode()
    assert "Yes, in spring.</textarea>" in answer.content.decode()
    assert not ContactReply.objects.exists()
    assert not Email.objects.exists()


def test_no_line_of_a_reply_or_a_name_becomes_a_header(owner_client, message):
    Profile.objects.update(name="Ines\r\nBcc: eve@example.org")
    ContactMessage.objects.filter(pk=message.pk).update(name="Eve\r\nBcc: eve@example.org")

    reply(owner_client, message, text="Hello\r\n\r\nBcc: eve@example.org\r\n.\r\nQUIT")

    mail = build_message(Email.objects.get())
    assert mail.recipients() == ["hanneke@example.org"]
    assert "Bcc" not in mail.message()
    assert not re.search(r"[\r\n]", mail.subject)


def test_a_mail_that_could_not_be_sent_says_so_at_the_reply(owner_client, message):
    reply(owner_client, message)
    Job.objects.filter(name="tasks.send_email").update(status=Job.Status.DEAD, last_error="550 no such user")

    page = owner_client.get(page_of(message)).content.decode()

    assert "Could not be sent" in page


def test_a_mail_that_went_out_says_so_at_the_reply(owner_client, message):
    reply(owner_client, message)
    Email.objects.update(status=Email.Status.SENT)

    assert ">Sent<" in owner_client.get(page_of(message)).content.decode()


def test_a_reply_goes_out_by_the_worker(owner_client, message, mailoutbox, transactional_db):
    reply(owner_client, message)

    run_due_jobs()

    assert [mail.to for mail in mailoutbox] == [["hanneke@example.org"]]


def test_a_clerk_replies_and_an_editor_does_not(client, message):
    client.force_login(make_staff(Role.EDITOR))
    assert reply(client, message).status_code == 403
    assert not ContactReply.objects.exists()

    clerk = make_staff(Role.CLERK)
    client.force_login(clerk)
    assert reply(client, message).status_code == 302
    assert ContactReply.objects.get().by == clerk
    assert reverse("admin:tasks_email_changelist") not in client.get(page_of(message)).content.decode()


def test_a_reply_to_nothing_is_not_found(owner_client, message):
    address = reverse("admin:core_contactmessage_reply", args=[WISH])

    assert owner_client.post(address, {"text": "Yes", "wish": WISH}).status_code == 404


def test_the_time_of_a_message_is_one_that_machines_read(owner_client):
    message = ContactMessage.objects.create(name="Ana", email="ana@example.org", message="Hello")
    ContactMessage.objects.update(created=datetime(2026, 11, 20, 9, 30, 5, 123456, tzinfo=UTC))

    page = owner_client.get(reverse("admin:core_contactmessage_change", args=[message.pk])).content.decode()

    assert '<time datetime="2026-11-20T09:30:05+00:00">' in page
