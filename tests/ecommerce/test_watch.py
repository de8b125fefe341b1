"""Following Stripe: what nobody told us of, and what waits while nobody can be asked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import PaymentUnavailable, SessionUnknown
from shopfolio.ecommerce.models import Order, StripeEvent, StripeSession
from shopfolio.ecommerce.services import payment, watch
from shopfolio.ecommerce.tasks import handle_event, watch_stripe
from shopfolio.tasks import outbox
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import enqueue, run_due_jobs
from tests.ecommerce.stripe_states import has_expired, is_on_its_way, is_open, is_paid
from tests.factories import make_shop, make_waiting_order

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


class Stripe:
    """Answers about all sessions; `away` are the questions that get none. `asked`: which were put."""

    def __init__(self):
        self.states = {}
        self.away = {"retrieve", "list"}
        self.asked = []

    def retrieve_session(self, session_id, *, timeout=None):
        self.ask("retrieve")
        return self.states[session_id]

    def list_sessions(self, *, since, timeout=None):
        self.ask("list")
        assert timeout == gateway.BRIEFLY
        return list(self.states.values())

    def ask(self, kind):
        self.asked.append(kind)
        if kind in self.away:
            raise PaymentUnavailable("away")


@pytest.fixture
def stripe(monkeypatch):
    make_shop()
    stripe = Stripe()
    monkeypatch.setattr(gateway, "retrieve_session", stripe.retrieve_session)
    monkeypatch.setattr(gateway, "list_sessions", stripe.list_sessions)
    return stripe


def open_attempt(stripe, **buyer):
    attempt = make_waiting_order(**buyer).sessions.get()
    state = is_open(attempt)
    payment.record(state)
    stripe.states[state.id] = state
    attempt.refresh_from_db()
    StripeSession.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    return attempt


def receive(attempt, number=1):
    event = StripeEvent.objects.create(
        event_id=f"evt_{number}", type="checkout.session.completed", session_id=attempt.session_id, payload={}
    )
    return enqueue("ecommerce.handle_event", key=event.event_id, event_pk=str(event.pk))


def test_while_nobody_pays_and_nothing_waits_nobody_is_asked(stripe):
    assert not watch.has_reason()

    watch_stripe()

    assert stripe.asked == []


def test_an_open_payment_is_a_reason_for_an_hour(stripe):
    open_attempt(stripe)
    assert watch.has_reason()

    StripeSession.objects.update(created=timezone.now() - timedelta(minutes=61))

    assert not watch.has_reason()


def test_the_watch_is_kept_twice_a_minute():
    assert outbox.schedule()["ecommerce.watch_stripe"]["schedule"] == 30


def test_open_payments_cost_one_question_however_many_there_are(stripe):
    attempts = [open_attempt(stripe) for _ in range(4)]
    stripe.away = set()

    watch_stripe()

    assert stripe.asked == ["list"]
    assert {attempt.order.status for attempt in attempts} == {"awaiting_payment"}


def test_only_what_is_decided_is_asked_for_by_itself(stripe):
    paid, over, _open = open_attempt(stripe), open_attempt(stripe), open_attempt(stripe)
    stripe.states[paid.session_id] = is_paid(paid)
    stripe.states[over.session_id] = has_expired(over)
    stripe.states["cs_of_another_shop"] = is_paid(paid, id="cs_of_another_shop", metadata={})
    stripe.away = set()

    watch_stripe()

    assert stripe.asked == ["list", "retrieve", "retrieve"]
    assert list(Order.objects.order_by("created").values_list("status", flat=True)) == [
        "paid",
        "expired",
        "awaiting_payment",
    ]


def test_money_on_its_way_for_days_is_asked_for_every_ten_minutes(stripe):
    """A bank debit whose webhook never comes."""
    attempt = open_attempt(stripe)
    payment.record(is_on_its_way(attempt))
    StripeSession.objects.update(created=timezone.now() - timedelta(days=3), asked_at=timezone.now())
    stripe.away = set()
    stripe.states[attempt.session_id] = is_paid(attempt)
    assert not watch.has_reason()
    StripeSession.objects.update(asked_at=timezone.now() - timedelta(minutes=11))
    assert watch.has_reason()

    watch_stripe()

    attempt.refresh_from_db()
    assert (attempt.status, attempt.order.status) == ("paid", "paid")
    assert not watch.has_reason()
    assert stripe.asked == ["retrieve"]


def test_five_of_them_at_a_time_the_longest_unasked_first(stripe):
    attempts = [open_attempt(stripe) for _ in range(7)]
    for number, attempt in enumerate(attempts):
        payment.record(is_on_its_way(attempt))
        stripe.states[attempt.session_id] = is_on_its_way(attempt)
        asked = timezone.now() - timedelta(minutes=60 - number)
        StripeSession.objects.filter(pk=attempt.pk).update(
            asked_at=asked, created=timezone.now() - timedelta(days=3)
        )
    stripe.away = set()

    watch_stripe()

    assert stripe.asked == ["retrieve"] * 5
    assert list(watch.slow_attempts()) == attempts[5:]


def test_after_one_has_asked_in_vain_the_others_wait_without_asking(stripe):
    """Two workers that wait for Stripe five seconds for each of a hundred events would send no mail."""
    attempt = open_attempt(stripe)
    for number in range(20):
        receive(attempt, number)

    run_due_jobs()

    assert stripe.asked == ["retrieve"]
    assert Job.objects.filter(waits_for="stripe", attempts=0).count() == 20


def test_a_long_outage_costs_one_question_at_a_time(stripe):
    attempt = open_attempt(stripe)
    for number in range(20):
        receive(attempt, number)
    run_due_jobs()
    stripe.asked.clear()

    for _ in range(5):
        watch_stripe()
        run_due_jobs()

    assert stripe.asked == ["list"] * 5


def test_another_job_asks_every_time(stripe):
    """One that Stripe never answers cannot keep the others waiting."""
    first, second = open_attempt(stripe), open_attempt(stripe)
    jobs = [receive(first, 1), receive(second, 2)]
    run_due_jobs()
    first_in_line = outbox.waiting("ecommerce.handle_event", "stripe").first()
    stripe.away = {"retrieve"}

    watch_stripe()

    assert first_in_line in jobs
    assert outbox.waiting("ecommerce.handle_event", "stripe").first() != first_in_line
    assert outbox.waiting("ecommerce.handle_event", "stripe").count() == 2


def test_as_soon_as_stripe_has_answered_anybody_jobs_ask_for_themselves(stripe):
    attempt = open_attempt(stripe)
    receive(attempt, 1)
    run_due_jobs()
    stripe.away = set()
    payment.settle(attempt.session_id)  # a buyer who came back
    stripe.asked.clear()
    receive(attempt, 2)

    run_due_jobs()

    assert stripe.asked == ["retrieve"]
    assert list(StripeEvent.objects.values_list("event_id", "status").order_by("event_id")) == [
        ("evt_1", "received"),
        ("evt_2", "handled"),
    ]


def test_any_answer_wakes_those_who_wait_also_one_that_needs_a_person(stripe, monkeypatch):
    attempt = open_attempt(stripe)
    row = receive(attempt)
    run_due_jobs()
    stripe.away = set()

    def unknown(session_id, *, timeout=None):
        raise SessionUnknown("Please write to us.")

    monkeypatch.setattr(gateway, "retrieve_session", unknown)

    watch_stripe()
    run_due_jobs()

    row.refresh_from_db()
    assert row.status == Job.Status.DEAD
    assert f"Stripe does not know the session {attempt.session_id}." in row.last_error


def test_a_payment_that_stripe_no_longer_knows_holds_up_no_other(stripe, monkeypatch):
    """Begun with another account's key, and on its way ever since."""
    lost, paid = open_attempt(stripe), open_attempt(stripe)
    receive(lost)
    run_due_jobs()
    for attempt in (lost, paid):
        payment.record(is_on_its_way(attempt))
    long_ago = timezone.now() - timedelta(days=3)
    StripeSession.objects.update(created=long_ago, asked_at=long_ago)
    stripe.states[paid.session_id] = is_paid(paid)
    stripe.away = set()

    def retrieve(session_id, *, timeout=None):
        if session_id == lost.session_id:
            raise SessionUnknown("Please write to us.")
        return stripe.states[session_id]

    monkeypatch.setattr(gateway, "retrieve_session", retrieve)

    watch_stripe()

    assert Order.objects.get(pk=paid.order_id).status == "paid"
    assert not Job.objects.exclude(waits_for="").exists()
    assert not watch.has_reason()


def test_a_payment_that_cannot_be_taken_in_holds_up_no_other(stripe, monkeypatch):
    broken, paid = open_attempt(stripe), open_attempt(stripe)
    for attempt in (broken, paid):
        stripe.states[attempt.session_id] = is_paid(attempt)
    receive(broken)
    run_due_jobs()
    stripe.away = set()
    monkeypatch.setattr(payment, "count_money", break_at(broken, payment.count_money))

    watch_stripe()

    assert Order.objects.get(pk=paid.order_id).status == "paid"
    assert not Job.objects.exclude(waits_for="").exists()


def break_at(attempt, count_money):
    def break_down(order, state):
        if order.pk == attempt.order_id:
            raise ValueError("a bug of ours")
        count_money(order, state)

    return break_down


def test_waiting_follow_ups_say_nothing_about_events(stripe):
    """Stripe may make no sessions and yet answer questions."""
    attempt = open_attempt(stripe)
    Job.objects.filter(name="ecommerce.follow_attempt").update(waits_for="stripe", modified=timezone.now())
    stripe.away = set()
    stripe.states[attempt.session_id] = is_paid(attempt)
    event = StripeEvent.objects.get(pk=receive(attempt).args["event_pk"])

    handle_event(event_pk=str(event.pk))

    assert Order.objects.get().status == Order.Status.PAID
