"""Who has lost an order's link, and whose link was revoked."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shopfolio.ecommerce.models import Order, OrderEvent
from shopfolio.ecommerce.services.aftercare import renew_link
from shopfolio.ecommerce.timeline import timeline_of
from shopfolio.ecommerce.views import checkout, finder
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users.limits import HOUR, Limits
from tests.factories import (
    carry_cart,
    make_cart,
    make_owner,
    make_paid_order,
    make_product,
    make_shop,
    make_variant,
    make_waiting_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

BUYER = "marta@example.org"
OURS = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def _shop():
    make_shop()


@pytest.fixture
def order():
    """Paid, and its own mails gone out."""
    order = make_paid_order()
    run_due_jobs()
    mail.outbox.clear()
    return order


def ask(client, email=BUYER):
    return client.post("/orders/find/", {"email": email})


def links_sent():
    """To whom, and what the mail's links are."""
    run_due_jobs()
    return [(message.to, re.findall(r"http\S+/orders/\S+", message.body)) for message in mail.outbox]


def test_all_orders_of_an_address_come_in_one_mail_to_that_address(client, order):
    second = make_paid_order(email="Marta@Example.org")
    make_paid_order(email="rui@example.org")
    run_due_jobs()
    mail.outbox.clear()

    answer = ask(client, "MARTA@example.org")

    assert (answer.status_code, answer["Location"]) == (303, f"{OURS}/orders/find/sent/")
    [(to, links)] = links_sent()
    assert to == ["Marta@Example.org"]
    assert links == [f"{OURS}{each.get_absolute_url()}" for each in (second, order)]
    assert mail.outbox[0].subject == "The links to your orders"
    assert f"Order {order.number}, " in mail.outbox[0].body
    assert mail.outbox[0].reply_to == ["ines@example.org"]
    assert [client.get(link.removeprefix(OURS)).status_code for link in links] == [200, 200]


def test_an_address_that_only_looks_the_same_gets_its_own_links_alone(client, order):
    lure = make_paid_order(email="lure@example.org")
    Order.objects.filter(pk=order.pk).update(email="kim@site.example")
    Order.objects.filter(pk=lure.pk).update(email="kim@s\N{LATIN SMALL LETTER DOTLESS I}te.example")
    run_due_jobs()
    mail.outbox.clear()

    ask(client, "kim@site.example")
    ask(client, "kim@s\N{LATIN SMALL LETTER DOTLESS I}te.example")

    sent = links_sent()
    assert (["kim@site.example"], [f"{OURS}{order.get_absolute_url()}"]) in sent
    for [to], links in sent:
        assert links == [f"{OURS}{(order if to.isascii() else lure).get_absolute_url()}"]


def shape(client, email):
    """All that who asks can see, and what it costs the database."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = ask(client, email)
    told = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
    asked = [re.sub(r"'[^']*'|\b[0-9a-f]{32}\b|\d+", "?", query["sql"]) for query in queries]
    return answer.status_code, answer.content, told, asked, answer.cookies.output()


def test_nobody_learns_whether_there_are_orders(client, order):
    ask(client, "first@example.org")  # makes the counters

    known, unknown = shape(client, BUYER), shape(client, "nobody@example.org")

    assert known == unknown
    assert [job.status for job in Job.objects.filter(name="ecommerce.send_order_links")] == ["due"] * 3
    [(to, _links)] = links_sent()
    assert to == [BUYER]


def test_the_job_forgets_the_address_that_was_asked_for(client, order):
    ask(client, "nobody@example.org")
    assert "nobody@" not in Job.objects.get(name="ecommerce.send_order_links").key
    run_due_jobs()

    job = Job.objects.get(name="ecommerce.send_order_links")
    assert (job.status, job.args) == ("done", {})


@pytest.mark.parametrize("status", ["draft", "expired", "cancelled", "failed"])
def test_what_came_to_nothing_is_left_out(client, status):
    order = make_waiting_order()
    Order.objects.filter(pk=order.pk).update(status=status)

    ask(client)

    assert links_sent() == []


def test_three_a_day_and_no_more_go_to_one_address(client, order, monkeypatch):
    for _ in range(5):
        assert ask(client).status_code == 303

    assert len(links_sent()) == 3
    with time_machine.travel(order.created + timedelta(days=1, minutes=1)):
        ask(client)
        assert len(links_sent()) == 4


def test_who_asks_too_quickly_is_asked_to_wait_and_keeps_the_words(client, monkeypatch):
    monkeypatch.setattr(finder, "FINDER", Limits("find", per_network={HOUR: 1}))
    ask(client)

    answer = ask(client, "rui@example.org")

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= HOUR
    assert 'value="rui@example.org"' in answer.content.decode()
    assert Job.objects.filter(name="ecommerce.send_order_links").count() == 1


@pytest.mark.parametrize(
    "email", ["", "marta", "a@b@c.example", "x" * 250 + "@example.org", "a\r\nBcc: b@example.org"]
)
def test_what_is_no_address_is_told_beside_the_field(client, email):
    answer = ask(client, email)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize("address", ["/contact/", "/"])
def test_pages_where_a_buyer_looks_lead_there(client, address):
    assert 'href="/orders/find/"' in client.get(address).content.decode()


def test_the_mails_of_an_order_lead_there():
    make_paid_order()
    run_due_jobs()

    [message] = [message for message in mail.outbox if message.to == [BUYER]]
    assert f"{OURS}/orders/find/" in message.body
    assert f'href="{OURS}/orders/find/"' in message.alternatives[0][0]


def test_a_free_order_mails_an_address_three_times_a_day_at_most():
    for _ in range(5):
        make_paid_order((make_variant(price=0, kind="digital", available=None), 1))
    run_due_jobs()

    assert [message.to for message in mail.outbox if message.to == [BUYER]] == [[BUYER]] * 3
    assert Order.objects.filter(status="paid").count() == 5


def addresses_of(order):
    token = order.token
    return [
        order.get_absolute_url(),
        reverse("ecommerce:invoice", args=[token]),
        reverse("ecommerce:document", args=[token, "INV-1"]),
        reverse("ecommerce:download", args=[token, order.pk]),
    ]


def test_a_revoked_link_is_no_page_and_leads_to_the_finder(client, order):
    old = addresses_of(order)

    renew_link(order.pk, by=make_owner())

    order.refresh_from_db()
    assert client.get(order.get_absolute_url()).status_code == 200
    made_up = client.get(f"/orders/{order.pk}.{'0' * 32}/").content
    for address in old:
        answer = client.get(address)
        assert (answer.status_code, answer.content) == (404, made_up)
        assert answer["Cache-Control"] == "private, no-store"
        assert 'href="/orders/find/"' in answer.content.decode()
        assert order.number not in answer.content.decode()


def test_the_way_back_from_stripe_does_not_tell_the_new_link(client, order):
    session = order.sessions.get().session_id
    assert client.get(f"/checkout/return/?session_id={session}")["Location"] == order.get_absolute_url()

    renew_link(order.pk, by=make_owner())

    for page in ("return", "cancelled"):
        assert client.get(f"/checkout/{page}/?session_id={session}")["Location"] == "/orders/find/"


def test_the_owner_revokes_a_link_and_the_buyer_gets_the_new_one(owner_client, order):
    page = owner_client.post(reverse("admin:ecommerce_order_do", args=[order.pk, "renew_link"]), follow=True)

    assert "The old link no longer works, and a new one goes out." in page.content.decode()
    order.refresh_from_db()
    assert order.link_version == 2
    [(to, [link])] = links_sent()
    assert (to, link) == ([BUYER], f"{OURS}{order.get_absolute_url()}")
    assert mail.outbox[0].subject == "The link to your order"
    assert "The earlier one no longer works." in mail.outbox[0].body
    event = OrderEvent.objects.get(order=order, why__startswith="The link was revoked")
    assert event.by is not None
    told = [moment.what for moment in timeline_of(order, language="en")]
    assert "The link was revoked, and a new one is sent." in told
    assert Email.objects.get(key=f"order-link-2-{order.pk}").to == BUYER


def test_a_link_is_revoked_as_often_as_it_takes(order):
    owner = make_owner()
    tokens = {order.token}
    for _ in range(3):
        renew_link(order.pk, by=owner)
        order.refresh_from_db()
        tokens.add(order.token)

    assert len(tokens) == 4
    assert len(links_sent()) == 3


def test_who_may_only_look_revokes_nothing(client, django_user_model, order):
    staff = django_user_model.objects.create_user("staff@example.org", is_staff=True)
    client.force_login(staff)

    answer = client.post(reverse("admin:ecommerce_order_do", args=[order.pk, "renew_link"]))

    assert answer.status_code in {403, 404}
    order.refresh_from_db()
    assert order.link_version == 1


def test_free_orders_have_a_limit_of_their_own(client, monkeypatch):
    monkeypatch.setattr(checkout, "FREE", Limits("free", per_network={HOUR: 1}))
    gift = make_variant(make_product("Gift"), price=0, kind="service", available=None)
    form = {"email": BUYER, "name": "Marta Reis", "total": "0", "terms": "on"}
    statuses = []
    for _ in range(2):
        carry_cart(client, make_cart((gift, 1)))
        statuses.append(client.post("/checkout/", form).status_code)

    assert statuses == [303, 429]
    assert Order.objects.count() == 1
