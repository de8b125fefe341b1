"""Jobs that need somebody who does not answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shopfolio.tasks import outbox
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import Away, enqueue, job, run_due_jobs, run_job, wake

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


class BankIsAway(Away):
    who = "bank"


@pytest.fixture
def bank():
    """Set `is_away`; who asked is kept in `asked`."""

    class Bank:
        is_away = True
        asked: list[str] = []

    bank = Bank()
    bank.asked = []

    @job("tests.ask", external=True)
    def ask(*, who):
        bank.asked.append(who)
        if bank.is_away:
            raise BankIsAway("no answer")

    return bank


def try_now(row):
    Job.objects.filter(pk=row.pk).update(due_at=timezone.now())
    run_job(row.pk)
    row.refresh_from_db()
    return row


def test_a_job_that_waits_for_somebody_loses_no_try(bank):
    row = enqueue("tests.ask", key="a", who="Ana")

    for _ in range(30):
        try_now(row)

    assert (row.status, row.attempts, row.waits_for) == ("due", 0, "bank")
    assert row.last_error == "BankIsAway: no answer"
    assert row.lease_until is None
    assert timedelta(minutes=59) < row.due_at - timezone.now() < timedelta(minutes=61)


def test_tries_that_failed_of_something_else_still_count(bank):
    row = enqueue("tests.ask", key="a", who="Ana")
    Job.objects.update(attempts=9)

    try_now(row)
    bank.asked = None  # appending to it fails
    try_now(row)

    assert (row.status, row.attempts, row.waits_for) == ("dead", 10, "")


def test_nobody_waits_longer_than_a_week(bank):
    row = enqueue("tests.ask", key="a", who="Ana")
    Job.objects.update(created=timezone.now() - timedelta(days=7, minutes=1), attempts=9)

    assert try_now(row).status == "dead"


def test_once_the_bank_answers_all_who_waited_for_it_are_due_with_fresh_tries(bank):
    rows = [enqueue("tests.ask", key=str(number), who=str(number)) for number in range(3)]
    Job.objects.update(attempts=4)
    for row in rows:
        try_now(row)
    other = Job.objects.create(
        name="tests.ask", key="mail", waits_for="mail", due_at=timezone.now() + timedelta(hours=1)
    )
    bank.is_away, bank.asked = False, []

    woken = wake("tests.ask", "bank")
    run_due_jobs()

    assert woken == 3
    assert sorted(bank.asked) == ["0", "1", "2"]
    assert set(Job.objects.exclude(pk=other.pk).values_list("status", "attempts", "waits_for")) == {
        ("done", 1, "")
    }
    other.refresh_from_db()
    assert other.waits_for == "mail"


def test_the_next_sweep_rings_for_them(bank, monkeypatch):
    row = try_now(enqueue("tests.ask", key="a", who="Ana"))
    bells = []
    monkeypatch.setattr(outbox, "ring", bells.append)

    wake("tests.ask", "bank")
    outbox.sweep()

    assert bells == [row.pk]


def test_the_longest_waiting_comes_first(bank):
    first, second = (enqueue("tests.ask", key=key, who=key) for key in "ab")
    try_now(second)
    try_now(first)

    assert list(outbox.waiting("tests.ask", "bank")) == [second, first]


def test_a_recurring_job_without_a_reason_is_not_even_written():
    reasons = []
    job("tests.look", every=30, when=lambda: bool(reasons))(lambda: None)

    outbox.tick("tests.look", 30)
    assert not Job.objects.exists()

    reasons.append("somebody pays")
    outbox.tick("tests.look", 30)
    assert Job.objects.get().name == "tests.look"


def test_jobs_that_come_back_every_few_seconds_are_forgotten_after_a_day():
    job("tests.often", every=30)(lambda: None)
    job("tests.nightly", every=86_400)(lambda: None)
    long_ago = timezone.now() - timedelta(hours=25)
    for name in ("tests.often", "tests.nightly", "tests.once"):
        Job.objects.create(name=name, key="a", status=Job.Status.DONE, done_at=long_ago)
    Job.objects.create(name="tests.often", key="dead", status=Job.Status.DEAD)
    Job.objects.create(name="tests.often", key="b", status=Job.Status.DONE, done_at=timezone.now())

    outbox.prune()

    left = Job.objects.order_by("name", "key").values_list("name", "key")
    assert list(left) == [
        ("tests.nightly", "a"), ("tests.often", "b"), ("tests.often", "dead"), ("tests.once", "a"),
    ]  # fmt: skip
