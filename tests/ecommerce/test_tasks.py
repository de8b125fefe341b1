from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import KeySpent, PaymentUnavailable, SessionUnknown
from shopfolio.ecommerce.models import Order, Refund, StripeEvent, StripeSession
from shopfolio.ecommerce.services import payment
from shopfolio.ecommerce.services.refunds import refund_order
from shopfolio.ecommerce.services.watch import ASKS_STRIPE
from shopfolio.ecommerce.tasks import reconcile, watch_stripe
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import enqueue, run_due_jobs
from tests.ecommerce.stripe_states import has_expired, is_open, is_paid
from tests.factories import make_paid_order, make_shop, make_waiting_order

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


class Stripe:
    """Answers for what a test put into `answers`, by session; everything else it refuses."""

    def __init__(self):
        self.is_away, self.answers_left = False, 1000
        self.answers = {}

    def list_sessions(self, *, since, timeout=None):
        if self.is_away:
            raise PaymentUnavailable("away")
        return list(self.answers.values())

    def retrieve_session(self, session_id, *, timeout=None):
        self.answers_left -= 1
        if self.is_away or self.answers_left < 0:
            raise PaymentUnavailable("away")
        if session_id not in self.answers:
            raise SessionUnknown("Please write to us.")
        return self.answers[session_id]


@pytest.fixture
def stripe(monkeypatch):
    make_shop()
    stripe = Stripe()
    monkeypatch.setattr(gateway, "retrieve_session", stripe.retrieve_session)
    monkeypatch.setattr(gateway, "list_sessions", stripe.list_sessions)
    for name in ("retrieve_refunds_since", "retrieve_disputes_since"):
        monkeypatch.setattr(gateway, name, lambda moment: [])
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
            watch_stripe()
            clock.shift(timedelta(minutes=24))
        waiting = Job.objects.filter(waits_for="stripe")
        assert set(waiting.values_list("name", "status", "attempts")) == {
            ("ecommerce.handle_event", "due", 0),
            ("ecommerce.follow_attempt", "due", 0),
        }

        stripe.is_away = False
        stripe.answers[attempt.session_id] = is_paid(attempt)
        watch_stripe()
        run_due_jobs()

    event.refresh_from_db()
    assert Order.objects.get().status == Order.Status.PAID
    assert event.status == StripeEvent.Status.HANDLED
    assert not Job.objects.filter(name__in=ASKS_STRIPE).exclude(status=Job.Status.DONE).exists()


def test_what_died_of_late_runs_again_at_night(stripe):
    event = receive_event(attempt := open_attempt())
    Job.objects.filter(name="ecommerce.handle_event").update(status=Job.Status.DEAD, attempts=10)
    stripe.answers[attempt.session_id] = is_paid(attempt)

    reconcile()
    run_due_jobs()

    event.refresh_from_db()
    assert event.status == StripeEvent.Status.HANDLED


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

    asked_for = Job.objects.get(name="ecommerce.follow_attempt")
    assert asked_for.args == {"attempt_id": str(attempt.pk)}
    assert Job.objects.filter(name="ecommerce.compare_refunds").count() == 1


def test_the_command_goes_on_after_a_session_that_stripe_does_not_know(stripe, capsys):
    strange, attempt = open_attempt(), open_attempt()
    stripe.answers[attempt.session_id] = is_paid(attempt)

    call_command("reconcile")

    attempt.refresh_from_db()
    assert attempt.status == StripeSession.Status.PAID
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"1/2 {strange.order.number}: still open. Stripe does not know the session {strange.session_id}. "
        "Was it made with the key of another account? Its goods stay held until Stripe can be asked "
        "with that key.",
        f"2/2 {attempt.order.number}: paid",
        f"Asked about 2, 1 changed: order {attempt.order.number} paid.",
        "Refunds compared with Stripe's.",
        "Disputes compared with Stripe's.",
    ]


def test_the_command_compares_refunds_too(refunds_at_stripe, capsys):
    make_shop()
    order, unfinished = make_paid_order(), make_paid_order()
    refunds_at_stripe.give_back(f"pi_{order.number}", 1_000)
    refund_order(unfinished)
    Refund.objects.update(created=timezone.now() - timedelta(minutes=2))

    call_command("reconcile")

    assert capsys.readouterr().out.splitlines() == [
        "No payment is undecided: there was nothing to ask Stripe.",
        f"refunds 1/1 {order.number}: partially_refunded",
        "Refunds compared with Stripe's.",
        "Disputes compared with Stripe's.",
    ]
    unfinished.refresh_from_db()
    assert unfinished.status == Order.Status.REFUNDED


def test_the_command_says_when_refunds_could_not_be_compared(refunds_at_stripe):
    make_shop()
    make_paid_order()
    refunds_at_stripe.is_away = True

    with pytest.raises(CommandError, match="Not all refunds were compared"):
        call_command("reconcile")


def test_the_command_goes_on_after_a_refund_that_stripe_stumbled_over(refunds_at_stripe, monkeypatch, capsys):
    def stumble(**kwargs):
        raise KeySpent("500")

    make_shop()
    order, other = make_paid_order(), make_paid_order()
    refund_order(order)
    refunds_at_stripe.give_back(f"pi_{other.number}", 1_000)
    Refund.objects.update(created=timezone.now() - timedelta(minutes=2))
    monkeypatch.setattr(gateway, "create_refund", stumble)

    call_command("reconcile")

    said = capsys.readouterr().out.splitlines()
    assert said[1] == f"{order.number}: Stripe stumbled over a refund; it is tried again."
    assert f"{other.number}: partially_refunded" in " ".join(said)
    assert said[-1] == "Disputes compared with Stripe's."


def test_the_command_stops_with_a_sentence_when_stripe_does_not_answer(stripe, capsys):
    first, _second = open_attempt(), open_attempt()
    stripe.answers[first.session_id] = is_open(first)
    stripe.answers_left = 1

    with pytest.raises(CommandError) as failure:
        call_command("reconcile")

    assert failure.value.returncode == 1
    assert str(failure.value) == (
        "Stripe does not answer (away). Asked about 1 of 2 payments; "
        "the site goes on asking for the others by itself."
    )
    assert capsys.readouterr().out.splitlines() == [f"1/2 {first.order.number}: still open"]


def test_the_command_says_when_there_is_nothing_to_ask(capsys):
    call_command("reconcile")

    assert capsys.readouterr().out == "No payment is undecided: there was nothing to ask Stripe.\n"


def test_a_job_that_died_more_than_a_week_ago_is_left_to_the_owner(stripe):
    receive_event(open_attempt())
    Job.objects.update(status=Job.Status.DEAD, created=timezone.now() - timedelta(days=8))

    reconcile()

    assert not Job.objects.filter(name="ecommerce.handle_event", status=Job.Status.DUE).exists()
