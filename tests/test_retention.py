"""What is kept about people, and for how long: each number at its edge."""

import os
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.utils import timezone

from shopfolio.core.models import ContactMessage, ContactReply, CspReport, Subscriber
from shopfolio.ecommerce.models import Cart, CartLine, Order, StripeEvent
from shopfolio.ecommerce.models.cart import CartCookie
from shopfolio.lib import db
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import EVERY, enqueue, run_job
from shopfolio.users import mails
from shopfolio.users.models import CustomUser
from tests.factories import make_cart, make_variant, make_waiting_order

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
A_MOMENT = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def run(name):
    """The job, as every night's; nothing may be left undone."""
    assert EVERY[name] == 86_400
    row = enqueue(name, key=str(timezone.now()))
    assert run_job(row.pk), Job.objects.get(pk=row.pk).last_error


def age(rows, *, days, **fields):
    """Sets the clock of some rows back: one a moment past its time, the other a moment before."""
    old, young = rows
    name = fields.pop("by", "created")
    for row, extra in ((old, A_MOMENT), (young, -A_MOMENT)):
        type(row).objects.filter(pk=row.pk).update(**{name: NOW - timedelta(days=days) - extra}, **fields)
    return young


def message(status):
    return ContactMessage.objects.create(name="Ana", email="ana@example.org", message="Hello", status=status)


@pytest.mark.parametrize(("status", "days"), [("spam", 30), ("read", 365), ("answered", 365)])
def test_a_message_is_forgotten_in_time(status, days):
    young = age([message(status), message(status)], days=days)

    run("core.forget")

    assert ContactMessage.objects.get() == young


def test_what_was_replied_is_forgotten_with_the_message():
    old, young = message("answered"), message("answered")
    for each in (old, young):
        each.replies.create(text="Yes")
    age([old, young], days=365)

    run("core.forget")

    assert ContactReply.objects.get().message == young


def test_a_message_that_nobody_has_read_waits():
    age([message("new"), message("new")], days=2_000)

    run("core.forget")

    assert ContactMessage.objects.count() == 2


def test_who_never_confirmed_is_forgotten_after_thirty_days():
    pair = [Subscriber.objects.create(email=f"{name}@example.org") for name in ("old", "young")]
    young = age(pair, days=30, by="modified")
    for status in ("confirmed", "left"):
        row = Subscriber.objects.create(email=f"{status}@example.org", status=status)
        Subscriber.objects.filter(pk=row.pk).update(modified=NOW - timedelta(days=900))

    run("core.forget")

    emails = Subscriber.objects.values_list("email", flat=True)
    assert set(emails) == {young.email, "confirmed@example.org", "left@example.org"}


def test_a_report_of_browsers_is_forgotten_after_thirty_days():
    pair = [CspReport.objects.create(directive="img-src", blocked=name, page="/") for name in ("a", "b")]
    young = age(pair, days=30, by="modified")

    run("core.forget")

    assert CspReport.objects.get() == young


def test_what_the_back_office_notes_of_a_change_is_forgotten_after_a_year():
    owner = CustomUser.objects.create_superuser("ines@example.org")
    kind = ContentType.objects.get_for_model(ContactMessage)
    names = {"user": owner, "content_type": kind, "object_id": "1", "action_flag": CHANGE}
    pair = [LogEntry.objects.create(**names, object_repr=name) for name in ("Ana", "Rui")]
    young = age(pair, days=365, by="action_time")

    run("core.forget")

    assert LogEntry.objects.get() == young


def test_a_session_that_is_over_is_forgotten():
    for key, ends in (("over", NOW - A_MOMENT), ("lasts", NOW + A_MOMENT)):
        Session.objects.create(session_key=key, session_data="x", expire_date=ends)

    run("core.forget")

    assert Session.objects.get().session_key == "lasts"


def old_cart():
    cart = make_cart((make_variant(), 1))
    Cart.objects.filter(pk=cart.pk).update(modified=NOW - timedelta(days=400))
    return cart


def test_a_cart_is_forgotten_thirty_days_after_its_last_change():
    carts = [old_cart(), old_cart()]
    age([cart.lines.get() for cart in carts], days=30, by="modified")
    empty = [Cart.objects.create(), Cart.objects.create()]
    young_and_empty = age(empty, days=30, by="modified")

    run("ecommerce.forget")

    assert set(Cart.objects.all()) == {carts[1], young_and_empty}
    assert CartLine.objects.count() == 1
    assert timedelta(days=30).total_seconds() == CartCookie.LIFE


@pytest.mark.parametrize(
    ("status", "stays"),
    [("draft", True), ("awaiting_payment", True), ("processing", True), ("expired", False)],
)
def test_a_cart_that_somebody_may_be_paying_for_stays(status, stays):
    order = make_waiting_order()
    Order.objects.filter(pk=order.pk).update(status=status)
    Cart.objects.update(modified=NOW - timedelta(days=31))
    CartLine.objects.update(modified=NOW - timedelta(days=31))

    run("ecommerce.forget")

    assert Cart.objects.exists() == stays
    assert Order.objects.get().status == status


@pytest.mark.parametrize("status", StripeEvent.Status.values)
def test_what_stripe_told_is_forgotten_after_thirty_days_but_not_that_it_did(status):
    told = {"data": {"object": {"payment_intent": "pi_1", "customer_email": "marta@example.org"}}}
    pair = [
        StripeEvent.objects.create(event_id=f"evt_{n}", type="refund.created", payload=told, status=status)
        for n in range(2)
    ]
    age(pair, days=30)

    run("ecommerce.forget")

    old, young = StripeEvent.objects.order_by("event_id")
    assert (old.payload, old.payment_intent) == ({}, "")
    assert (young.payload, young.payment_intent) == (told, "pi_1")


def mail(number, **fields):
    about = {"text": "Hello Ana", "html": "<p>Hello Ana</p>", "reply_to": "ines@example.org"}
    known = {"headers": {"List-Unsubscribe": "<x>"}, "attachments": [{"name": "a"}], "status": "sent"}
    return Email.objects.create(
        key=f"m-{number}",
        to="ana@example.org",
        subject="Hi",
        message_id=f"<{number}@x>",
        **(about | known | fields),
    )


def test_what_a_mail_said_is_forgotten_after_ninety_days_but_not_that_it_went_out(owner_client):
    age([mail(1), mail(2)], days=90, by="sent_at")

    run("tasks.forget_mails")

    old, young = Email.objects.order_by("key")
    assert (old.text, old.html, old.reply_to, old.headers, old.attachments) == ("", "", "", {}, [])
    assert (old.to, old.subject, old.status) == ("ana@example.org", "Hi", "sent")
    assert young.text == "Hello Ana"
    page = f"/admin/tasks/email/{old.pk}/"
    assert "What it said was forgotten" in owner_client.get(f"{page}change/").content.decode()
    assert owner_client.get(f"{page}mail.eml").status_code == 404


def test_that_a_mail_went_out_is_forgotten_after_two_years():
    young = age([mail(1), mail(2)], days=730, by="sent_at")

    run("tasks.forget_mails")

    assert Email.objects.get() == young


@pytest.mark.parametrize("status", ["queued", "sending"])
def test_a_mail_that_did_not_go_out_is_kept_whole(status):
    age([mail(1, status=status), mail(2, status=status)], days=900)

    run("tasks.forget_mails")

    assert [row.text for row in Email.objects.all()] == ["Hello Ana"] * 2


def test_mails_kept_as_files_are_forgotten_with_their_texts(settings, tmp_path):
    settings.MAIL_DIR = tmp_path
    edge = (NOW - timedelta(days=90)).timestamp()
    for name, at in (("old.eml", edge - 1), ("young.eml", edge + 1), ("notes.txt", 0)):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (at, at))

    run("tasks.forget_mails")

    assert {path.name for path in tmp_path.iterdir()} == {"young.eml", "notes.txt"}


def test_many_rows_go_in_batches(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(db, "A_BATCH", 2)
    for _ in range(5):
        message("spam")
    ContactMessage.objects.update(created=NOW - timedelta(days=31))

    with django_assert_max_num_queries(16):
        db.delete_in_batches(ContactMessage.objects.filter(status="spam"))

    assert not ContactMessage.objects.exists()


def test_what_changed_meanwhile_is_not_deleted(monkeypatch):
    row = message("spam")
    rows = ContactMessage.objects.filter(status="spam")
    delete = type(rows).delete

    def meanwhile(self):
        ContactMessage.objects.filter(pk=row.pk).update(status="read")
        return delete(self)

    monkeypatch.setattr(type(rows), "delete", meanwhile)
    db.delete_in_batches(rows)

    assert ContactMessage.objects.get().status == "read"


def test_from_where_somebody_was_logged_in_is_forgotten_with_the_session():
    person = CustomUser.objects.create_user("ana@example.org")
    for key, ends in (("over", NOW - A_MOMENT), ("going on", NOW + A_MOMENT), ("ended", None)):
        UserSession.objects.create(user=person, session_key=key, ip="203.0.113.5", user_agent="Firefox")
        if ends:
            Session.objects.create(session_key=key, session_data="", expire_date=ends)

    run("users.forget_sessions")

    assert UserSession.objects.values_list("session_key", flat=True).get() == "going on"


def test_a_code_is_forgotten_once_its_mail_has_gone_out(mailoutbox, settings):
    settings.EMAIL_URL = "smtp://mail.example"
    secret = mails.send("code", to="ana@example.org", context={"code": "123456", "purpose": "log_in"})
    told = mails.send("changed", to="ana@example.org", context={"what": "password_set"})

    for row in Job.objects.filter(name="tasks.send_email"):
        run_job(row.pk)

    assert "123456" in mailoutbox[0].body
    assert Email.objects.values_list("text", "html", "status").get(pk=secret.pk) == ("", "", "sent")
    assert "123456" not in str(list(Email.objects.values()))
    assert Email.objects.get(pk=told.pk).text


def test_a_code_stays_where_no_mail_server_took_it(mailoutbox):
    secret = mails.send("code", to="ana@example.org", context={"code": "123456", "purpose": "log_in"})

    run_job(Job.objects.get().pk)

    assert "123456" in Email.objects.get(pk=secret.pk, status="sent").text
