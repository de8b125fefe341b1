"""What the site knows of somebody: taken along, and erased."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shopfolio.core.models import ContactMessage, Subscriber
from shopfolio.ecommerce.models import Cart, InvoicePDF, Order, Refund, StripeSession, Variant
from shopfolio.ecommerce.services.mails import mail_order_paid, mail_order_received
from shopfolio.pictures import private_storage
from shopfolio.tasks.models import Email, Job
from shopfolio.users.models import AuditEntry, CustomUser
from shopfolio.users.tasks import erase_due
from tests.factories import (
    make_cart,
    make_file,
    make_owner,
    make_paid_order,
    make_product,
    make_shop,
    make_variant,
    make_waiting_order,
)
from tests.users.people import PASSWORD, SECRET, give_app, log_in_as, make_person, run_jobs, type_password

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

ANA = "ana@example.org"


@pytest.fixture
def person(client, private_files):
    """Somebody who just typed their password."""
    make_shop()
    person = make_person(ANA, first_name="Ana", phone="+351 1")
    client.force_login(person)
    type_password(client, person)
    return person


def test_the_zip_holds_nothing_of_an_address_that_only_looks_alike(client, private_files):
    """PostgreSQL, asked without case, takes a dotless i for an i; to the name system it is another host."""
    buy("ana@github.example")
    Subscriber.objects.create(email="ana@github.example")
    ContactMessage.objects.create(name="Ana", email="ana@github.example", message="Hello")
    mail_order_paid(Order.objects.get())
    stranger = make_person("ana@g\u0131thub.example")
    client.force_login(stranger)
    type_password(client, stranger)

    archive = zipfile.ZipFile(io.BytesIO(b"".join(client.post(reverse("account_export")).streaming_content)))

    told = {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}
    assert not any(told[name] for name in ("mails.json", "newsletter.json", "messages.json"))
    assert told["profile.json"]["email"] == "ana@xn--gthub-n4a.example"


def buy(email=ANA):
    """A download, paid, with its invoice printed."""
    book = make_product("Handbook")
    make_file(book)
    order = make_paid_order((make_variant(book, kind=Variant.Kind.DIGITAL), 1), email=email, name="Ana Lima")
    pdf = ContentFile(b"%PDF-1.7", name="a.pdf")
    InvoicePDF.objects.create(invoice=order.invoices.get(), file=pdf, sha256="0" * 64)
    return order


def leave_traces(person):
    private_storage().save("pictures/customuser/ana.jpg", ContentFile(b"jpeg"))
    CustomUser.objects.filter(pk=person.pk).update(avatar="pictures/customuser/ana.jpg")
    for address in (ANA, "jonas@example.org"):
        Subscriber.objects.create(email=address)
        message = ContactMessage.objects.create(name="Somebody", email=address, message=f"From {address}")
        message.replies.create(text=f"To {address}")
        Email.objects.create(
            key=address, to=address, subject="Hi", text="Hello", message_id=address, status="sent"
        )
    Cart.objects.filter(pk=make_cart((make_variant(), 2)).pk).update(user=person)


def taken(client):
    answer = client.post("/account/data/export/")
    assert answer.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    return answer, {name: archive.read(name) for name in archive.namelist()}


def wish(client):
    return client.post("/account/data/erase/")


def day(moment):
    """As the whole site writes it."""
    return f"{moment.day} {moment:%B %Y}"


def let_it_be_done():
    """Fifteen days later."""
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        Job.objects.filter(name="users.erase_due").delete()
        erase_due()
        done = run_jobs("users.erase")
        run_jobs("users.delete_picture")
        return done


def test_the_zip_holds_what_the_site_knows_of_them_and_of_nobody_else(client, person):
    leave_traces(person)
    order, other = buy(), buy("jonas@example.org")

    answer, files = taken(client)

    assert re.fullmatch(r'attachment; filename="[^"]+\.zip"', answer["Content-Disposition"])
    assert sorted(files) == sorted(
        ["profile.json", "picture.jpg", "browsers.json", "mails.json", "newsletter.json", "messages.json",
         "orders.json", "order_mails.json", "addresses.json", "cart.json", "second_factors.json",
         f"documents/{order.invoices.get().number}.pdf"]
    )  # fmt: skip
    profile = json.loads(files["profile.json"])
    assert (profile["email"], profile["phone"], profile["confirmed_addresses"]) == (ANA, "+351 1", [ANA])
    assert "password" not in profile
    assert files["picture.jpg"] == b"jpeg"
    assert [each["number"] for each in json.loads(files["orders.json"])] == [order.number]
    [conversation] = json.loads(files["messages.json"])
    assert (conversation["message"], conversation["replies"][0]["text"]) == (f"From {ANA}", f"To {ANA}")
    assert files[f"documents/{order.invoices.get().number}.pdf"] == b"%PDF-1.7"
    everything = b"".join(files.values())
    assert b"jonas" not in everything
    assert other.number.encode() not in everything


def test_who_has_not_typed_their_password_lately_is_asked_for_it_and_goes_on(client, person):
    client.logout()
    client.post("/account/login/", {"login": ANA, "password": PASSWORD})

    for door in ("export", "erase"):
        asked = client.post(f"/account/data/{door}/")
        assert (asked.status_code, asked["Location"].partition("?")[0]) == (302, "/account/confirm/")
    assert CustomUser.objects.get().erase_at is None

    went_on = client.post(asked["Location"], {"password": PASSWORD}, follow=True)

    assert went_on.redirect_chain[-1][0] == "/account/data/"
    assert CustomUser.objects.get().erase_at is not None


def test_a_mailed_code_is_not_taken_along(client, person):
    Email.objects.create(key="1", to=ANA, subject="Code", text="123456", message_id="1", is_secret=True)

    _answer, files = taken(client)

    assert b"123456" not in files["mails.json"]


def test_an_erasure_is_announced_and_happens_two_weeks_later(client, person):
    leave_traces(person)
    order = buy()
    invoice = order.invoices.get()
    link, number = order.get_absolute_url(), invoice.number

    assert wish(client).status_code == 303
    due = CustomUser.objects.get().erase_at
    assert timedelta(days=13, hours=23) < due - timezone.now() < timedelta(days=14)
    assert Email.objects.filter(key__startswith="account-").get().subject == "Your account is to be erased"
    page = client.get("/account/orders/").content.decode()
    assert f"Your account is erased on {day(due)}." in page
    assert let_it_be_done() == 1

    assert not CustomUser.objects.exists()
    assert list(Subscriber.objects.values_list("email", flat=True)) == ["jonas@example.org"]
    assert list(ContactMessage.objects.values_list("email", flat=True)) == ["jonas@example.org"]
    assert not Cart.objects.filter(lines__quantity=2).exists()
    left = Order.objects.get(pk=order.pk)
    assert (left.email, left.name, left.address_line1, left.postcode, left.user) == (
        "",
        "Erased",
        "",
        "",
        None,
    )
    assert (left.country, left.total, left.status) == ("PT", order.total, "paid")
    assert client.get(link).status_code == 404
    assert left.invoices.get().number == number
    assert left.invoices.get().buyer == invoice.buyer
    assert "customer_email" not in left.sessions.get().request
    assert list(AuditEntry.objects.values_list("action", "who", "about")) == [("erase", "", str(person.pk))]
    last = Email.objects.filter(to=ANA, status="queued").latest("created")
    assert last.subject == "Your account is erased"
    assert not private_storage().exists("pictures/customuser/ana.jpg")
    assert client.get("/account/").status_code == 302, "their browser is logged out"


def test_what_the_owner_did_to_a_buyer_tells_no_name_after_the_erasure(client, person):
    owner_client, owner = Client(), make_owner(email="ines@example.org")
    log_in_as(owner_client, owner)
    type_password(owner_client, owner)
    page = reverse("admin:users_customuser_change", args=[person.pk])
    message = ContactMessage.objects.create(name="Ana Lima", email=ANA, message="Hello")
    owner_client.post(page, {"email": ANA, "is_active": "on", "first_name": "Anna"})
    reply = {"text": "Hello, too", "wish": "01a20a6a-c4dc-7407-b543-8152cfcfd016"}
    owner_client.post(reverse("admin:core_contactmessage_reply", args=[message.pk]), reply)
    assert AuditEntry.objects.filter(action="user").values_list("about", "note").get() == (
        str(person.pk),
        "first_name, phone",
    )
    assert set(LogEntry.objects.values_list("object_repr", flat=True)) == {ANA, "Ana Lima"}

    wish(client)
    let_it_be_done()

    assert list(LogEntry.objects.values_list("object_repr", flat=True)) == ["", ""]
    assert ANA not in str(list(AuditEntry.objects.values()))


def test_mails_about_their_order_to_another_address_are_theirs_and_other_mails_to_it_are_not(client, person):
    order = buy("office@example.org")
    Order.objects.filter(pk=order.pk).update(user=person, fulfilment="sent")
    colleagues = buy("office@example.org")
    for each in (order, colleagues):
        mail_order_paid(Order.objects.get(pk=each.pk))
        mail_order_received(each.pk)
    Email.objects.update(status="sent")
    Email.objects.create(
        key="1", to="office@example.org", subject="Hi", text="x", message_id="1", status="sent"
    )

    _answer, files = taken(client)
    wish(client)
    let_it_be_done()

    [told] = json.loads(files["order_mails.json"])
    assert (told["to"], order.number in told["text"]) == ("office@example.org", True)
    assert colleagues.number.encode() not in b"".join(files.values())
    left = Email.objects.exclude(to=ANA)
    assert not left.filter(key__endswith=str(order.pk)).exists()
    assert left.filter(key__endswith=str(colleagues.pk)).count() == 2
    assert left.filter(key="1").exists()


def test_a_mail_that_could_not_be_sent_goes_too_and_one_on_its_way_arrives(client, person):
    def mail(key, **job):
        email = Email.objects.create(key=key, to=ANA, subject="Hi", text="x", message_id=key)
        Job.objects.create(
            name="tasks.send_email", key=str(email.pk), args={"email_id": str(email.pk)}, **job
        )

    far = timezone.now() + timedelta(days=99)
    mail("given up", status=Job.Status.DEAD)
    mail("on its way", due_at=far)

    wish(client)
    let_it_be_done()

    left = Email.objects.filter(key__in=["given up", "on its way"])
    assert [email.key for email in left] == ["on its way"]
    assert not Job.objects.filter(status=Job.Status.DEAD).exists()


def test_refunds_how_it_was_paid_and_second_factors_are_taken_along(client, person):
    order = buy()
    session = order.sessions.get()
    StripeSession.objects.update(payment_method="card", card_brand="visa", last4="4242")
    Refund.objects.create(
        order=order, session=session, amount=100, currency="EUR", idempotency_key="1", status="succeeded"
    )
    give_app(person)

    _answer, files = taken(client)

    [told] = json.loads(files["orders.json"])
    assert [(each["amount"], each["currency"], each["status"]) for each in told["refunds"]] == [
        (100, "EUR", "succeeded")
    ]
    assert [(each["card_brand"], each["last4"], each["amount"]) for each in told["payments"]] == [
        ("visa", "4242", order.total)
    ]
    factors = json.loads(files["second_factors.json"])
    assert sorted(each["name"] for each in factors) == ["Recovery codes", "TOTP Authenticator"]
    assert all(each["created_at"] for each in factors)
    assert SECRET.encode() not in b"".join(files.values())


def test_nobody_is_written_to_about_an_order_without_a_buyer(client, person):
    order = buy()
    wish(client)
    let_it_be_done()
    before = Email.objects.count()

    mail_order_paid(Order.objects.get(pk=order.pk), again=1)

    assert Email.objects.count() == before


def test_who_changes_their_mind_stays(client, person):
    wish(client)

    assert client.post("/account/data/keep/").status_code == 303
    assert let_it_be_done() == 0

    assert CustomUser.objects.get().erase_at is None
    assert Email.objects.latest("created").subject == "Your account stays"


def test_the_first_wish_counts_and_is_announced_once(client, person):
    wish(client)
    first = CustomUser.objects.get().erase_at
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        wish(client)

    assert CustomUser.objects.get().erase_at == first
    assert Email.objects.count() == 1


def test_who_changes_their_mind_all_day_gets_four_mails_and_can_always_stay(client, person):
    for _ in range(5):
        last = wish(client)
        client.post("/account/data/keep/")

    assert last.status_code == 429
    assert Email.objects.count() == 4
    assert CustomUser.objects.get().erase_at is None


def test_a_change_of_mind_while_the_job_waits_is_in_time(client, person):
    wish(client)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        erase_due()
        CustomUser.objects.update(erase_at=None)
        assert run_jobs("users.erase") == 1

    assert CustomUser.objects.count() == 1


@pytest.mark.parametrize("what", ["waits for payment", "is to be sent", "is being refunded"])
def test_an_order_under_way_keeps_the_account_until_it_is_done(client, person, what):
    order = make_waiting_order(email=ANA) if what == "waits for payment" else make_paid_order(email=ANA)
    if what == "is being refunded":
        Order.objects.update(fulfilment="sent")
        Refund.objects.create(
            order=order, session=order.sessions.get(), amount=1, currency="EUR", idempotency_key="1"
        )
    wish(client)
    page = client.get("/account/data/").content.decode()
    assert f"Order {order.number} is still under way" in page
    assert f"Your account is erased on {day(CustomUser.objects.get().erase_at)}, or later." in page

    let_it_be_done()
    assert CustomUser.objects.count() == 1
    assert Order.objects.get().email == ANA

    Refund.objects.all().delete()
    Order.objects.update(status="refunded" if order.paid_at else "expired", fulfilment="sent")
    Job.objects.all().delete()
    let_it_be_done()
    assert not CustomUser.objects.exists()
    assert Order.objects.get().email == ""


def test_staff_cannot_erase_themselves(client, person):
    CustomUser.objects.update(is_staff=True)

    wish(client)

    assert CustomUser.objects.get().erase_at is None
    assert "Ask an owner to end that first." in client.get("/account/data/").content.decode()
