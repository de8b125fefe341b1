"""The owner's page for giving money back."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from shopfolio.ecommerce.models import Order, Refund
from shopfolio.ecommerce.services import payment, refunds
from shopfolio.ecommerce.services.refunds import refund_order
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users.models import CustomUser
from tests.ecommerce.stripe_states import is_paid
from tests.factories import make_paid_order, make_variant, make_waiting_order
from tests.users.people import log_in_as

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def order(stripe):
    return make_paid_order((make_variant(available=5), 1))


def address(order):
    return reverse("admin:ecommerce_order_refund", args=[order.pk])


def order_page(order):
    return reverse("admin:ecommerce_order_change", args=[order.pk])


def fields_of(page):
    """What a browser would send back."""
    text = page.content.decode()
    inputs = re.findall(r"<input[^>]*>", text[text.index('<form method="post" novalidate>') :])
    sent = {}
    for tag in inputs:
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        is_unticked = found.get("type") == "checkbox" and "checked" not in tag
        if found.get("type") != "submit" and "name" in found and not is_unticked:
            sent[found["name"]] = found.get("value", "on")
    return sent


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def test_from_the_orders_page_to_money_on_its_way(owner_client, order, stripe):
    assert f'href="{address(order)}"' in owner_client.get(order_page(order)).content.decode()
    form = owner_client.get(address(order))
    assert fields_of(form)["amount"] == "146.00"

    question = owner_client.post(address(order), fields_of(form) | {"amount": "50", "reason": "Late"})
    assert "Give €50.00 back to Marta Reis?" in text_of(question)
    assert "It goes to the card ending 4242." in text_of(question)
    assert "€96.00 of the payment stays with you." in text_of(question)
    assert "A credit note is written and mailed to marta@example.org." in text_of(question)
    assert not Refund.objects.exists()
    done = owner_client.post(address(order), fields_of(question) | {"confirmed": "Refund"}, follow=True)

    assert done.redirect_chain == [(order_page(order), 302)]
    assert "€50.00 goes back to Marta Reis. Stripe is asked now" in text_of(done)
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.by) == (5_000, "Late", CustomUser.objects.get())
    assert not refund.restock
    run_due_jobs()
    page = text_of(owner_client.get(order_page(order)))
    for part in ("Partly refunded", "Refunded €50.00", "CN-", "-€50.00", "Late"):
        assert part in page
    assert stripe.gone(order.find_payment().payment_intent) == 5_000


def confirm(owner_client, order, **fields):
    form = fields_of(owner_client.get(address(order)))
    question = owner_client.post(address(order), form | fields)
    return fields_of(question) | {"confirmed": "Refund"}


def test_a_second_click_is_the_same_refund(owner_client, order):
    sent = confirm(owner_client, order, amount="50")

    answers = [owner_client.post(address(order), sent) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302] * 3
    assert Refund.objects.get().amount == 5_000
    assert Job.objects.filter(name="ecommerce.make_refund").count() == 1


def test_a_second_click_on_all_of_it_is_no_complaint(owner_client, order):
    sent = confirm(owner_client, order)

    owner_client.post(address(order), sent)
    again = owner_client.post(address(order), sent, follow=True)

    assert "The refund is being made." in text_of(again)
    assert Refund.objects.count() == 1


def test_goods_come_back_where_the_box_is_ticked(owner_client, order):
    sent = confirm(owner_client, order, restock="on")
    assert sent["restock"] == "True"

    owner_client.post(address(order), sent)

    assert Refund.objects.get().restock


def test_nothing_can_come_back_that_is_not_counted(owner_client, stripe):
    order = make_paid_order((make_variant(available=None, kind="digital"), 1))

    assert "restock" not in owner_client.get(address(order)).content.decode()


@pytest.mark.parametrize(
    ("amount", "complaint"),
    [
        ("146.01", "More than nothing, and at most €146.00."),
        ("0", "More than nothing, and at most €146.00."),
        ("-1", "Between nothing and"),
        ("12.345", "An amount such as 24 or 24.50, please."),
        ("all", "An amount such as 24 or 24.50, please."),
        ("", "This field is required."),
        ("1e9", "Between nothing and"),
        ("\x00", "An amount such as 24 or 24.50, please."),
    ],
)
def test_what_is_no_amount_is_said_beside_the_field(owner_client, order, amount, complaint):
    form = fields_of(owner_client.get(address(order)))

    for more in ({}, {"confirmed": "Refund"}):
        page = owner_client.post(address(order), form | {"amount": amount, "reason": "Kept"} | more)

        assert page.status_code == 422
        assert complaint in str(page.context["form"].errors["amount"])
        assert 'value="Kept"' in page.content.decode()
    assert not Refund.objects.exists()


def test_what_was_written_can_be_changed_once_more(owner_client, order):
    form = fields_of(owner_client.get(address(order)))
    question = fields_of(owner_client.post(address(order), form | {"amount": "50", "reason": "Late"}))

    page = owner_client.post(address(order), question | {"change": "Change"})

    assert fields_of(page) | {"csrfmiddlewaretoken": ""} == form | {
        "amount": "50", "reason": "Late", "csrfmiddlewaretoken": "",
    }  # fmt: skip
    assert not Refund.objects.exists()


def test_when_somebody_was_quicker_it_is_said_beside_the_field(owner_client, order, monkeypatch):
    sent = confirm(owner_client, order)
    real = refunds.refund_order

    def quicker(order, **fields):
        real(order, amount=10_000)
        return real(order, **fields)

    monkeypatch.setattr("shopfolio.ecommerce.admin.refunding.refund_order", quicker)
    page = owner_client.post(address(order), sent)

    assert page.status_code == 422
    assert "Between nothing and €46.00." in text_of(page)
    assert Refund.objects.get().amount == 10_000


def test_what_was_paid_and_has_gone_is_shown(owner_client, order, stripe):
    refund_order(order, amount=5_000)
    run_due_jobs()
    stripe.begins = "pending"
    refund_order(order, amount=1_000)

    page = owner_client.get(address(order))

    assert "Paid: €146.00 Refunded: €50.00 On its way back: €10.00 Left: €86.00" in text_of(page)
    assert fields_of(page)["amount"] == "86.00"


def test_once_all_has_gone_the_page_is_no_longer_offered(owner_client, order):
    refund_order(order)

    page = owner_client.get(address(order), follow=True)

    assert page.redirect_chain == [(order_page(order), 302)]
    assert "Nothing is left to refund." in text_of(page)
    assert address(order) not in page.content.decode()


def test_an_order_in_review_goes_back_whole(owner_client, stripe):
    order = make_waiting_order()
    payment.record(is_paid(order.sessions.get(), amount=1_000))

    form = owner_client.get(address(order))
    sent = confirm(owner_client, order, amount="5")
    owner_client.post(address(order), sent)

    assert "did not become a sale: all of it goes back" in text_of(form)
    assert Refund.objects.get().amount == 1_000
    run_due_jobs()
    assert Order.objects.get(pk=order.pk).status == "refunded"


def test_the_amount_is_written_in_the_currency_that_was_paid(owner_client, stripe):
    order = make_waiting_order()
    payment.record(is_paid(order.sessions.get(), amount=1_590, currency="JPY"))

    page = owner_client.get(address(order))

    assert fields_of(page)["amount"] == "1590"
    assert "Paid: ¥1,590" in text_of(page)


def test_what_was_never_paid_has_no_such_page(owner_client, stripe):
    order = make_waiting_order()

    assert owner_client.get(address(order)).status_code == 404
    assert address(order) not in owner_client.get(order_page(order)).content.decode()
    assert owner_client.get("/admin/ecommerce/order/garbage/refund/").status_code == 404


@pytest.mark.parametrize(("permissions", "status"), [((), 403), (("add_refund",), 200)])
def test_only_who_may_refund_does(client, order, permissions, status):
    staff = CustomUser.objects.create_user("staff@example.org", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=("view_order", *permissions)))
    log_in_as(client, staff)

    assert client.get(address(order)).status_code == status
    assert (address(order) in client.get(order_page(order)).content.decode()) == (status == 200)
    sent = {"amount": "1", "wish": "01a20a6a-c4dc-7407-b543-8152cfcfd016", "confirmed": "yes"}
    assert client.post(address(order), sent).status_code == (403 if status == 403 else 302)
    assert Refund.objects.count() == (0 if status == 403 else 1)


def test_strangers_are_asked_to_log_in(client, order):
    answer = client.get(address(order))

    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/admin/login/")
