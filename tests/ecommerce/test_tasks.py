from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import PaymentUnavailable, SessionRefused
from shopfolio.ecommerce.models import Order, StripeEvent, StripeSession
from shopfolio.ecommerce.services import payment
from shopfolio.ecommerce.tasks import reconcile
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import enqueue, run_due_jobs
from tests.ecommerce.stripe_states import has_expired, is_open, is_paid
from tests.factories import make_shop, make_waiting_order

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


class Stripe:
    """Answers for what a test put into `answers`, by session; everything else it refuses."""

    def __init__(self):
        self.is_away = False
        self.answers = {}

    def retrieve_session(self, session_id, *, timeout=None):
        if self.is_away:
            raise PaymentUnavailable("away")
        if session_id not in self.answers:
            raise SessionRefused(f"No such checkout.session: {session_id}")
        return self.answers[session_id]


@pytest.fixture
def stripe(monkeypatch):
    make_shop()
    stripe = Stripe()
    monkeypatch.setattr(gateway, "retrieve_session", stripe.retrieve_session)
    return stripe


def open_attempt(**buyer):
    attempt = make_waiting_order(**buyer).sessions.get()
    payment.record(is_open(attempt))
    attempt.refresh_from_db()
    return attempt


def receive_event(attempt, event_id="evt_1"):
    event = StripeEvent.objects.create(
        event_id=event_id,
        type="checkout.session.completed",
        session_id=attempt.session_id if attempt else "",
        payload={},
    )
    enqueue("ecommerce.handle_event", key=event_id, event_pk=str(event.pk))
    return event


def test_an_event_makes_us_ask_and_is_handled(stripe):
    attempt = open_attempt()
    stripe.answers[attempt.session_id] = is_paid(attempt)
    event, other = receive_event(attempt), receive_event(None, "evt_of_something_else")

    run_due_jobs()

    event.refresh_from_db()
    other.refresh_from_db()
    assert Order.objects.get().status == Order.Status.PAID
    assert (event.status, other.status) == ("handled", "ignored")


def test_after_an_outage_of_a_day_nothing_needs_a_hand(stripe):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        attempt = open_attempt()
        event = receive_event(attempt)
        stripe.is_away = True
        for _ in range(60):
            run_due_jobs()
            clock.shift(timedelta(minutes=24))
        given_up = Job.objects.filter(status=Job.Status.DEAD)
        assert set(given_up.values_list("name", flat=True)) == {
            "ecommerce.handle_event",
            "ecommerce.follow_attempt",
        }

        stripe.is_away = False
        stripe.answers[attempt.session_id] = is_paid(attempt)
        reconcile()
        run_due_jobs()

    event.refresh_from_db()
    assert Order.objects.get().status == Order.Status.PAID
    assert event.status == StripeEvent.Status.HANDLED
    assert not given_up.exists()


def test_what_died_of_something_else_waits_for_the_owner(stripe):
    mail = Job.objects.create(name="tasks.send_email", key="1", status=Job.Status.DEAD, attempts=10)

    reconcile()

    mail.refresh_from_db()
    assert mail.status == Job.Status.DEAD


def test_every_undecided_attempt_is_asked_for_once_a_night(stripe):
    attempt, fresh, decided = open_attempt(), open_attempt(), open_attempt()
    payment.record(has_expired(decided))
    StripeSession.objects.exclude(pk=fresh.pk).update(created=timezone.now() - timedelta(minutes=2))
    Job.objects.all().delete()

    for _ in range(2):
        reconcile()

    assert Job.objects.get().args == {"attempt_id": str(attempt.pk)}


def test_the_command_goes_on_after_a_session_that_stripe_does_not_know(stripe, capsys):
    strange, attempt = open_attempt(), open_attempt()
    stripe.answers[attempt.session_id] = is_paid(attempt)

    call_command("reconcile")

    attempt.refresh_from_db()
    assert attempt.status == StripeSession.Status.PAID
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"1/2 {strange.order.number}: No such checkout.session: {strange.session_id}",
        f"2/2 {attempt.order.number}: paid",
        "2 payments asked for, 1 without an answer.",
    ]


def test_a_job_that_died_more_than_a_week_ago_is_left_to_the_owner(stripe):
    receive_event(open_attempt())
    Job.objects.update(status=Job.Status.DEAD, created=timezone.now() - timedelta(days=8))

    reconcile()

    assert not Job.objects.filter(name="ecommerce.handle_event", status=Job.Status.DUE).exists()
