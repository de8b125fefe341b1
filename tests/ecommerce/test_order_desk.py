"""The owner's page of an order, and the list that says what to send first."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from shopfolio.ecommerce.models import Order, OrderEvent
from shopfolio.ecommerce.personal_data import erase
from shopfolio.ecommerce.services.fulfilment import Parcel, mark_sent
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users.models import CustomUser
from shopfolio.users.roles import Role
from tests.factories import (
    make_paid_order,
    make_product,
    make_shop,
    make_staff,
    make_variant,
    make_waiting_order,
)
from tests.troubles import make_review
from tests.users.people import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows, pytest.mark.usefixtures("private_files")]

LIST = "/admin/ecommerce/order/"


@pytest.fixture(autouse=True)
def _shop():
    make_shop()


def page_of(order):
    return reverse("admin:ecommerce_order_change", args=[order.pk])


def address_of(order, name):
    return reverse(f"admin:ecommerce_order_{name}", args=[order.pk])


def press(client, order, name):
    return client.post(reverse("admin:ecommerce_order_do", args=[order.pk, name]), follow=True)


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_the_page_says_what_to_do_who_what_and_how_much(owner_client):
    order = make_paid_order((make_variant(make_product("Tide Table"), title="A2", price=7_000), 2))

    page = text_of(owner_client.get(page_of(order)))

    assert f"<h1>Order {order.number}</h1>" in page
    assert "<b>Paid, to send</b> Marta Reis, €146.00" in page
    assert "Pack it, then say that it has left" in page
    assert "Tide Table, A2" in page
    assert '<td class="num">2</td> <td class="num">€70.00</td> <td class="num">€140.00</td>' in page
    assert "Marta Reis<br>Rua da Sofia 81<br>3000-391 Coimbra<br>Portugal" in page
    assert order.invoices.get().number in page
    assert "card 4242" in page


@pytest.mark.parametrize(
    ("status", "fulfilment", "words"),
    [
        ("awaiting_payment", "open", "The buyer has not paid yet. Nothing to do."),
        ("paid", "sent", "It is paid and has left. Nothing to do."),
        ("paid", "nothing_to_send", "It is paid, and nothing needs to be sent."),
        ("refunded", "open", "All of it went back to the buyer."),
        ("failed", "open", "The bank refused the payment."),
    ],
)
def test_what_needs_nothing_says_so_and_is_not_sent(owner_client, status, fulfilment, words):
    order = make_paid_order()
    Order.objects.update(status=status, fulfilment=fulfilment)

    page = text_of(owner_client.get(page_of(order)))

    assert words in page
    assert "Mark as sent" not in page


def test_an_order_that_needs_a_look_says_why(owner_client):
    order = make_review()
    why = order.events.filter(to_status="review").last().why

    page = text_of(owner_client.get(page_of(order)))

    owner_client.post(address_of(order, "note"), {"text": "Asked the bank"})

    assert why
    assert why in owner_client.get("/admin/attention/").content.decode().replace("&#x27;", "'")
    assert f'<span class="bad">{why}</span>' in page.replace("&#x27;", "'").replace("&quot;", '"')


def test_a_parcel_is_sent_with_its_carrier_and_the_buyer_reads_it(owner_client):
    order = make_paid_order()
    parcel = {"carrier": "CTT", "tracking_number": "RR 1 PT", "tracking_url": "ctt.example/RR1PT"}

    answer = owner_client.post(address_of(order, "send"), parcel)

    assert (answer.status_code, answer["Location"]) == (302, page_of(order))
    order.refresh_from_db()
    assert (order.fulfilment, order.carrier, order.tracking_number) == ("sent", "CTT", "RR 1 PT")
    for page in (page_of(order), order.get_absolute_url()):
        assert "with CTT, number RR 1 PT" in text_of(owner_client.get(page))
    run_due_jobs()
    [message] = [message for message in mail.outbox if "on its way" in message.subject]
    assert "It travels: with CTT, number RR 1 PT\n" in message.body
    assert "\nhttps://ctt.example/RR1PT\n" in message.body
    assert 'href="https://ctt.example/RR1PT"' in message.alternatives[0][0]


def test_a_parcel_needs_no_carrier(owner_client):
    order = make_paid_order()

    owner_client.post(address_of(order, "send"))
    run_due_jobs()

    order.refresh_from_db()
    assert order.fulfilment == Order.Fulfilment.SENT
    assert "It travels" not in mail.outbox[-1].body


@pytest.mark.parametrize("url", ["javascript:alert(1)", "not a link"])
def test_a_link_that_leads_nowhere_is_asked_for_again(owner_client, url):
    order = make_paid_order()

    answer = owner_client.post(address_of(order, "send"), {"carrier": "CTT", "tracking_url": url})

    assert answer.status_code == 422
    assert "Enter a valid URL." in answer.content.decode()
    assert 'value="CTT"' in answer.content.decode()
    order.refresh_from_db()
    assert order.fulfilment == Order.Fulfilment.OPEN


def test_sent_twice_is_sent_once(owner_client):
    order = make_paid_order()
    mark_sent(order.pk, parcel=Parcel("CTT"))

    owner_client.post(address_of(order, "send"), {"carrier": "Other"})

    order.refresh_from_db()
    assert order.carrier == "CTT"
    assert Email.objects.filter(key__startswith="order-sent-").count() == 1


def test_a_note_stands_in_the_story_and_nowhere_else(owner_client):
    order = make_paid_order()

    owner_client.post(address_of(order, "note"), {"text": "Wants <b>red</b> paper"})

    page = owner_client.get(page_of(order)).content.decode()
    assert "Note: Wants &lt;b&gt;red&lt;/b&gt; paper" in page
    assert "Wants" not in owner_client.get(order.get_absolute_url()).content.decode()
    assert owner_client.post(address_of(order, "note"), {"text": " "}).status_code == 422
    assert OrderEvent.objects.filter(is_note=True).count() == 1


def test_notes_and_tracking_go_with_the_buyer():
    person = make_person("marta@example.org")
    order = make_paid_order()
    mark_sent(order.pk, parcel=Parcel("CTT", "RR1PT", "https://ctt.example/RR1PT"))
    OrderEvent.objects.create(order=order, why="Met her in Coimbra", is_note=True)
    events = order.events.count()

    erase(person)

    order.refresh_from_db()
    assert (order.carrier, order.tracking_number, order.tracking_url) == ("", "", "")
    assert not order.events.filter(is_note=True).exists()
    assert order.events.count() == events - 1


@pytest.mark.parametrize(
    ("action", "subject"),
    [("send_link", "link"), ("tell_sent_again", "is on its way")],
)
def test_a_mail_goes_out_again_each_time_the_owner_wants_it(owner_client, action, subject):
    order = make_paid_order()
    mark_sent(order.pk)
    run_due_jobs()
    mail.outbox.clear()

    for sent in (1, 2):
        for _double_click in range(2):
            page = press(owner_client, order, action)
        assert "It is on its way already." in page.content.decode()
        run_due_jobs()
        assert [message.to for message in mail.outbox] == [["marta@example.org"]] * sent
    assert subject in mail.outbox[0].subject
    assert order.events.filter(why__contains="is sent again").count() == 2


def test_an_order_without_an_invoice_has_its_mail_sent_again(owner_client):
    order = make_paid_order((make_variant(price=0, kind="digital"), 1))
    run_due_jobs()
    mail.outbox.clear()

    press(owner_client, order, "thank_again")
    run_due_jobs()

    assert [message.to for message in mail.outbox] == [["marta@example.org"]]
    assert press(owner_client, order, "deliver_again").status_code == 404


def test_a_mail_that_could_not_be_sent_says_so(owner_client):
    order = make_paid_order()
    run_due_jobs()
    Email.objects.update(status=Email.Status.SENDING)
    Job.objects.filter(name="tasks.send_email").update(status=Job.Status.DEAD, last_error="550")

    assert ">Could not be sent</dt>" in text_of(owner_client.get(page_of(order)))


def test_the_packing_slip_names_goods_and_address_and_no_price(owner_client):
    order = make_paid_order((make_variant(make_product("Tide Table"), price=7_000), 2))

    page = text_of(owner_client.get(address_of(order, "slip")))

    assert "<td>2</td><td>Tide Table</td>" in page
    assert "Rua da Sofia 81" in page
    assert "€" not in page
    download = make_paid_order((make_variant(kind="digital"), 1))
    assert owner_client.get(address_of(download, "slip")).status_code == 404


def test_a_clerk_sends_and_notes_and_others_do_neither(client):
    order = make_paid_order()
    looker = CustomUser.objects.create_user("staff@example.org", is_staff=True)
    for person in (looker, make_staff(Role.EDITOR)):
        client.force_login(person)
        for name in ("send", "note"):
            assert client.post(address_of(order, name), {"text": "x"}).status_code == 403
        assert client.get(address_of(order, "slip")).status_code == 403
    order.refresh_from_db()
    assert order.fulfilment == Order.Fulfilment.OPEN
    assert not OrderEvent.objects.filter(is_note=True).exists()

    client.force_login(make_staff(Role.CLERK))
    assert client.post(address_of(order, "note"), {"text": "Fragile"}).status_code == 302
    assert client.post(address_of(order, "send")).status_code == 302
    order.refresh_from_db()
    assert order.fulfilment == Order.Fulfilment.SENT


def listed(client, query=""):
    return [order.number for order in client.get(LIST + query).context["cl"].result_list]


def test_the_list_begins_with_what_needs_a_look_and_what_waits_longest(owner_client):
    now = timezone.now()
    orders = [make_paid_order(), make_paid_order(), make_paid_order(), make_waiting_order()]
    for days, order in enumerate(orders):
        Order.objects.filter(pk=order.pk).update(created=now - timedelta(days=days))
    long_sent, young, old, waiting = orders
    mark_sent(long_sent.pk)
    review = make_review()

    assert listed(owner_client) == [order.number for order in (review, old, young, long_sent, waiting)]


@pytest.mark.parametrize(("chosen", "sorted_by"), [("", []), ("?o=-6", ["Created ↓"])])
def test_an_arrow_stands_at_the_column_that_somebody_sorts_by_alone(owner_client, chosen, sorted_by):
    make_paid_order()

    page = owner_client.get(LIST + chosen).content.decode()

    heads = re.findall(r"<th [^>]*aria-sort[^>]*>(.*?)</th>", page)
    assert [re.sub("<[^>]*>", "", head) for head in heads] == sorted_by


@pytest.mark.parametrize(
    ("standing", "count"),
    [("send", 1), ("look", 1), ("paid", 2), ("waiting", 1), ("refunded", 0), ("nothing", 0), ("made-up", 4)],
)
def test_the_list_is_filtered_in_words(owner_client, standing, count):
    mark_sent(make_paid_order().pk)
    make_paid_order()
    make_waiting_order()
    make_review()

    assert len(listed(owner_client, f"?standing={standing}")) == count


def test_an_order_is_found_by_what_was_bought_and_by_its_invoice(owner_client):
    order = make_paid_order((make_variant(make_product("Tide Table")), 1))
    make_paid_order()

    assert listed(owner_client, "?q=tide") == [order.number]
    assert listed(owner_client, f"?q={order.invoices.get().number}") == [order.number]
