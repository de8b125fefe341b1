"""The back office's first page: what happened, what is to be done; and one search across everything."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shopfolio import figures
from shopfolio.back_office import has_words
from shopfolio.core.models import ContactMessage, Subscriber
from shopfolio.core.services import forget_site
from shopfolio.ecommerce.models import Invoice, Order, Refund
from shopfolio.tasks.models import Email
from shopfolio.users.roles import Role
from tests.factories import (
    make_owner,
    make_paid_order,
    make_post,
    make_product,
    make_shop,
    make_staff,
    make_variant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def standing_clock():
    make_shop()
    forget_site()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def course(name, user=None):
    return next(each for each in figures.for_user(user or make_owner()) if each.figure.name == name)


def sale(days_ago=0, hours=0):
    with time_machine.travel(NOW - timedelta(days=days_ago, hours=hours), tick=False):
        return make_paid_order()


def test_a_sale_counts_on_the_day_that_it_was_paid():
    sale()
    sale(hours=1)  # before midnight
    sale(days_ago=29)
    sale(days_ago=30)
    sale(days_ago=59)
    sale(days_ago=60)

    orders = course("orders")

    assert (orders.today, orders.total, orders.before) == ("1", "3", "2")
    assert [day.amount for day in orders.days] == [1, *[0] * 27, 1, 1]
    assert [day.day for day in orders.days][:: len(orders.days) - 1] == [
        NOW.date() - timedelta(days=29), NOW.date(),
    ]  # fmt: skip


def test_takings_are_what_came_less_what_went_back_in_the_sites_currency():
    order = sale(days_ago=1)
    Refund.objects.create(
        order=order, session=order.sessions.get(), amount=4_600, currency="EUR", idempotency_key="re:1",
        status=Refund.Status.SUCCEEDED,
    )  # fmt: skip
    Refund.objects.create(
        order=order, session=order.sessions.get(), amount=100, currency="EUR", idempotency_key="re:2",
        status=Refund.Status.FAILED,
    )  # fmt: skip
    Order.objects.filter(pk=sale().pk).update(currency="USD")

    takings = course("takings")

    assert (takings.today, takings.total) == ("-€46.00", "€100.00")
    assert [day.height for day in takings.days][-2:] == [100, 0]


def test_money_that_never_was_a_sale_is_not_taken_off_when_it_goes_back():
    order = sale()
    Order.objects.update(paid_at=None, status=Order.Status.REVIEW)
    Refund.objects.create(
        order=order, session=order.sessions.get(), amount=4_600, currency="EUR", idempotency_key="re:1",
        status=Refund.Status.SUCCEEDED,
    )  # fmt: skip
    order.sessions.update(disputed=10_000, disputed_at=timezone.now())

    assert course("takings").total == "€0.00"


def test_spam_and_who_never_confirmed_are_not_counted():
    for status in ("new", "spam"):
        ContactMessage.objects.create(name="Ana", email="a@example.org", message="Hi", status=status)
    Subscriber.objects.create(email="a@example.org")
    Subscriber.objects.create(email="b@example.org", status="confirmed", confirmed_at=timezone.now())

    assert course("messages").total == "1"
    assert course("subscribers").total == "1"


@pytest.mark.parametrize(
    ("role", "seen"),
    [(Role.EDITOR, set()), (Role.CLERK, {"orders", "takings", "messages"})],
)
def test_everybody_sees_the_figures_of_their_own_work(role, seen):
    assert {each.figure.name for each in figures.for_user(make_staff(role))} == seen


def test_the_page_draws_each_figure_and_says_it_in_words_too(owner_client):
    sale()
    ContactMessage.objects.create(name="Ana", email="a@example.org", message="Hi")
    make_post(live=False)

    page = owner_client.get("/admin/").content.decode()

    assert page.count('class="course"') == 4
    assert page.count("<rect") == 4 * 30
    assert re.findall(r"Today (\S+)\. The thirty days before: (\S+)\.", page)[:2] == [
        ("1", "0"), ("€146.00", "€0.00"),
    ]  # fmt: skip
    assert '<th scope="row">20 November</th><td>€146.00</td>' in page
    for words in ("1 order to send", "1 new message", "1 draft of a post", "Write a post"):
        assert f">{words}</a>" in page


def test_the_page_asks_as_often_for_many_orders_as_for_few(owner_client):
    counts = []
    for number in (1, 12):
        for day in range(number):
            sale(days_ago=day)
        with CaptureQueriesContext(connection) as queries:
            owner_client.get("/admin/")
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.fixture
def things():
    make_variant(make_product("Tide Table"), sku="TIDE-30")
    make_post("Reading the tide")
    ContactMessage.objects.create(name="Ana Tide", email="ana@example.org", message="Hello")
    return make_paid_order(email="tide@example.org")


def headings(client, words):
    page = client.get("/admin/search/", {"q": words}).content.decode()
    return re.findall(r'<section class="hits">\s*<h2>(.*?)</h2>', page)


def test_one_search_finds_every_kind_of_thing(owner_client, things):
    invoice = Invoice.objects.get()

    assert {"Orders", "Products", "Posts", "Messages"} <= set(headings(owner_client, "tide"))
    assert headings(owner_client, things.number)[0] == "Orders"
    assert "Invoices" in headings(owner_client, invoice.number)
    assert headings(owner_client, "zeppelin") == []


def test_search_shows_only_what_the_person_may_see(client, things):
    client.force_login(make_staff(Role.EDITOR))
    assert headings(client, "tide") == ["Posts"]

    client.force_login(make_staff(Role.CLERK))
    assert "Posts" not in headings(client, "tide")
    assert "Orders" in headings(client, "tide")


@pytest.mark.parametrize(
    "words", ["", "   ", "%", "'\"\\", "a" * 5_000, "<script>x</script>", "؀☃", "1 2 3 4 5 6 7 8"]
)
def test_search_takes_whatever_is_typed(owner_client, things, words):
    answer = owner_client.get("/admin/search/", {"q": words})

    assert answer.status_code == 200
    assert "<script>x" not in answer.content.decode()


def test_of_each_kind_a_few_are_shown_and_the_list_has_the_others(owner_client):
    for number in range(8):
        make_post(f"Ferry {number}")

    page = owner_client.get("/admin/search/", {"q": "ferry"}).content.decode()

    assert page.count(">Ferry ") == 6
    assert 'href="/admin/core/blogpost/?q=ferry"' in page


def test_what_is_found_says_what_it_is(owner_client, things):
    page = owner_client.get("/admin/search/", {"q": "de@example"}).content.decode()

    about = dict(re.findall(r'<li><a href="[^"]+">([^<]+)</a> <span class="about">([^<]+)</span>', page))
    assert about[things.number].startswith(f"{things.name}, ")
    assert "to send" in about[things.number]


def test_what_is_found_does_not_say_twice_what_its_name_says(owner_client):
    Email.objects.create(key="1", to="ana@example.org", subject="Hello", message_id="<1@example.org>")

    page = owner_client.get("/admin/search/", {"q": "ana@example"}).content.decode()

    [(name, about)] = re.findall(r'>([^<]+)</a> <span class="about">([^<]+)<', page)
    assert (name, about.partition(",")[0]) == ("Hello (ana@example.org)", "Queued")


@pytest.mark.parametrize(
    ("words", "are_said"), [("INV-2026", True), ("2026", True), ("1", False), ("0001", True), ("inv", False)]
)
def test_a_name_says_whole_words(words, are_said):
    assert has_words("INV-2026-0001", words) is are_said


def test_what_is_to_be_done_comes_before_the_figures(owner_client, things):
    page = owner_client.get("/admin/").content.decode()

    assert page.index("1 order to send") < page.index("The last thirty days")
