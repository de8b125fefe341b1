"""What the owner does about an order that did not go by itself, and how its page tells the story."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import PaymentUnavailable, SessionUnknown, ShopError
from shopfolio.ecommerce.models import Refund, StripeEvent, StripeSession
from shopfolio.ecommerce.timeline import timeline_of
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users.models import CustomUser
from tests.ecommerce.stripe_states import has_expired, is_open
from tests.factories import make_owner, make_paid_order, make_shop, make_waiting_order
from tests.troubles import make_dead_job, make_dead_mail, make_late_payment, make_review

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def page_of(order):
    return reverse("admin:ecommerce_order_change", args=[order.pk])


def press(browser, order, action):
    return browser.post(reverse("admin:ecommerce_order_do", args=[order.pk, action]), follow=True)


@pytest.fixture
def shop():
    return make_shop()


def test_asking_stripe_again_closes_what_has_run_out(owner_client, shop, monkeypatch):
    attempt = make_late_payment()
    monkeypatch.setattr(
        gateway, "retrieve_session", lambda *args, **kwargs: has_expired(attempt, id=attempt.session_id)
    )

    page = press(owner_client, attempt.order, "ask_stripe_again").content.decode()

    assert f"{attempt.order.number}: Stripe was asked. The order is now: Expired." in page
    attempt.refresh_from_db()
    assert attempt.status == StripeSession.Status.EXPIRED


def test_asking_stripe_again_also_makes_the_pay_page_that_it_never_made(owner_client, shop, monkeypatch):
    order = make_waiting_order()
    attempt = order.sessions.get()
    monkeypatch.setattr(gateway, "create_session", lambda *args, **kwargs: is_open(attempt))
    monkeypatch.setattr(gateway, "retrieve_session", lambda *args, **kwargs: is_open(attempt))

    press(owner_client, order, "ask_stripe_again")

    order.refresh_from_db()
    assert (order.status, order.sessions.get().status) == ("awaiting_payment", "open")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PaymentUnavailable("away"), "Stripe does not answer now. Please try again in a minute."),
        (SessionUnknown("unknown"), "Stripe does not know this payment. Was it made with another key?"),
        (ShopError("This cannot be paid any more."), "This cannot be paid any more."),
    ],
)
def test_the_owner_reads_why_stripe_could_not_be_asked(owner_client, shop, monkeypatch, error, said):
    def fail(*args, **kwargs):
        raise error

    attempt = make_late_payment()
    monkeypatch.setattr(gateway, "retrieve_session", fail)

    page = press(owner_client, attempt.order, "ask_stripe_again").content.decode()

    assert f"{attempt.order.number}: {said}" in page
    attempt.refresh_from_db()
    assert attempt.status == StripeSession.Status.OPEN


def offered(browser, order):
    return [label for _url, label in browser.get(page_of(order)).context["row_actions"]]


def test_an_order_offers_what_may_help_it(owner_client, shop):
    paid, waiting, review = make_paid_order(), make_waiting_order(), make_review()

    link = ["Send the link again", "Revoke the link and send a new one"]
    assert offered(owner_client, paid) == ["Mark as sent", "Send the invoice again", *link]
    assert offered(owner_client, waiting) == ["Ask Stripe again", *link]
    assert offered(owner_client, review) == ["Ask Stripe again", *link]


@pytest.mark.parametrize("action", ["ask_stripe_again", "deliver_again"])
def test_staff_who_only_look_cannot_press(client, shop, monkeypatch, action):
    staff = CustomUser.objects.create_user("staff@example.org", is_staff=True)
    client.force_login(staff)
    order = make_paid_order() if action == "deliver_again" else make_waiting_order()
    jobs = Job.objects.count()

    assert press(client, order, action).status_code in {403, 404}
    assert Job.objects.count() == jobs


def test_the_invoice_goes_out_again_each_time_the_owner_wants_it(owner_client, shop):
    order = make_paid_order()
    run_due_jobs()
    mail.outbox.clear()

    for sent in (1, 2):
        for _double_click in range(2):
            press(owner_client, order, "deliver_again")
        run_due_jobs()
        assert [message.to for message in mail.outbox] == [["marta@example.org"]] * sent

    first, second = mail.outbox
    assert first.attachments[0][0] == f"{order.invoices.get().number}.pdf"
    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]
    assert order.invoices.count() == 1


def test_an_invoice_whose_mail_was_never_written_goes_out_once(owner_client, shop):
    order = make_paid_order()
    job = Job.objects.get(name="ecommerce.deliver_invoice")
    Job.objects.filter(pk=job.pk).update(status=Job.Status.DEAD, attempts=10)

    press(owner_client, order, "deliver_again")
    run_due_jobs()

    assert Job.objects.get(name="ecommerce.deliver_invoice").status == Job.Status.DONE
    assert [message.to for message in mail.outbox].count(["marta@example.org"]) == 1


def test_an_order_tells_its_story_in_order(shop):
    began = datetime(2026, 11, 23, 9, tzinfo=UTC)
    owner = make_owner(first_name="Ines")
    with time_machine.travel(began, tick=False) as clock:
        order = make_paid_order()
        attempt = order.sessions.get()
        clock.shift(timedelta(minutes=1))
        StripeEvent.objects.create(
            event_id="evt_1", type="checkout.session.completed", session_id=attempt.session_id, payload={}
        )
        clock.shift(timedelta(minutes=1))
        run_due_jobs()
        clock.shift(timedelta(minutes=1))
        Refund.objects.create(
            order=order,
            session=attempt,
            amount=500,
            currency="EUR",
            idempotency_key="re:1",
            status="succeeded",
        )
        clock.shift(timedelta(minutes=1))
        order.events.create(why="Sent.", by=owner, from_status="paid", to_status="paid")
        clock.shift(timedelta(minutes=1))
        make_dead_job("ecommerce.follow_attempt", "1", attempt_id=str(attempt.pk))
        make_dead_mail(f"order-sent-{order.pk}", subject="On its way")

    story = timeline_of(order, language="en")

    assert [moment.what for moment in story if moment.at == began] == [
        "Ordered", "Order: Paid", "Payment 1 offered: €146.00", "Payment 1 paid: €146.00", "Invoice issued",
    ]  # fmt: skip
    assert [
        ((moment.at - began).seconds // 60, moment.what, moment.note) for moment in story if moment.at > began
    ] == [
        (1, "Stripe told us: checkout.session.completed", "Received"),
        (2, "Invoice printed", ""),
        (2, "Mail written", "marta@example.org"),
        (2, "Mail sent", "marta@example.org"),
        (2, "Mail written", "ines@example.org"),
        (2, "Mail sent", "ines@example.org"),
        (3, "Refund: €5.00", "Refunded"),
        (4, "Sent.", f"by {owner}"),
        (5, "Mail written", "marta@example.org"),
        (5, "Given up: Ask Stripe whether an order was paid", "OSError: no space left"),
        (5, "Given up: Send a mail", "OSError: no space left"),
    ]
    assert [moment.is_bad for moment in story if moment.is_bad] == [True, True]


def test_a_job_that_went_well_is_no_part_of_the_story(shop):
    order = make_paid_order()
    run_due_jobs()

    words = [moment.what for moment in timeline_of(order, language="en")]

    assert not [what for what in words if what.startswith(("Given up", "Will be tried"))]


def test_a_long_story_asks_the_database_no_more_often(shop, django_assert_max_num_queries):
    order = make_paid_order()
    attempt = order.sessions.get()
    for number in range(10):
        StripeEvent.objects.create(
            event_id=f"evt_{number}",
            type="checkout.session.completed",
            session_id=attempt.session_id,
            payload={},
        )
        make_dead_job("ecommerce.follow_attempt", str(number), attempt_id=str(attempt.pk))
        make_dead_mail(f"order-sent-{number}-{order.pk}")
        order.events.create(why="Noted.", by=make_owner())

    with django_assert_max_num_queries(8):
        story = timeline_of(order, language="en")

    assert len(story) > 40


def test_the_orders_page_shows_its_story_with_links(owner_client, shop):
    order = make_review(why="Only 1 left of Print.")

    page = owner_client.get(page_of(order)).content.decode()

    assert "Order: Needs a look" in page
    assert "Only 1 left of Print" in page
    assert reverse("admin:ecommerce_stripesession_change", args=[order.sessions.get().pk]) in page
