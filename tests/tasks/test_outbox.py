from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from shopfolio.lib.db import refuse_in_transaction
from shopfolio.tasks import outbox
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import PermanentFailure, enqueue, job, run_due_jobs, run_job

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def write_email(*, key: str = "one") -> Email:
    return Email.objects.create(key=key, to="ada@example.org", subject="Hello", message_id=f"<{key}@test>")


def test_the_same_name_and_key_are_enqueued_once(
    bells: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = enqueue("tests.job", key="a", number=1)
        second = enqueue("tests.job", key="a", number=2)
        other = enqueue("tests.job", key="b")

    assert second == first
    assert Job.objects.get(key="a").args == {"number": 1}
    assert bells == [first.pk, other.pk]


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_no_job_and_no_bell(bells: list[Any]) -> None:
    def promise_and_fail() -> None:
        enqueue("tests.job", key="a")
        raise ConnectionError

    with pytest.raises(ConnectionError), transaction.atomic():
        promise_and_fail()

    assert not Job.objects.exists()
    assert bells == []


@pytest.mark.django_db(transaction=True)
def test_the_bell_waits_for_the_commit(bells: list[Any]) -> None:
    with transaction.atomic():
        row = enqueue("tests.job", key="a")
        assert bells == []

    assert bells == [row.pk]


def test_a_delayed_job_waits_without_a_bell(
    bells: list[Any], clock: time_machine.Traveller, django_capture_on_commit_callbacks: Any
) -> None:
    job("tests.job")(lambda: None)
    with django_capture_on_commit_callbacks(execute=True):
        row = enqueue("tests.job", key="a", delay=timedelta(minutes=5))

    assert bells == []
    assert run_job(row.pk) is False
    clock.shift(timedelta(minutes=5))
    assert run_job(row.pk) is True


@pytest.mark.django_db(transaction=True)
def test_a_bell_that_cannot_be_rung_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(outbox.app, "send_task", broken)

    row = enqueue("tests.job", key="a")

    assert Job.objects.get().pk == row.pk


def test_a_job_is_done_once_however_often_it_is_rung() -> None:
    ran: list[str] = []
    job("tests.job")(lambda *, who: ran.append(who))
    row = enqueue("tests.job", key="a", who="ada")

    results = [run_job(row.pk) for _ in range(3)]

    assert results == [True, False, False]
    assert ran == ["ada"]
    row.refresh_from_db()
    assert (row.status, row.attempts, row.lease_until) == (Job.Status.DONE, 1, None)
    assert row.done_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_failing_job_leaves_no_effect_behind() -> None:
    @job("tests.job")
    def half() -> None:
        write_email()
        raise ConnectionError("half-way")

    row = enqueue("tests.job", key="a")

    assert run_job(row.pk) is False
    assert not Email.objects.exists()


def test_a_failing_job_comes_back_later_each_time_and_is_dead_after_ten(
    clock: time_machine.Traveller,
) -> None:
    @job("tests.job")
    def fail() -> None:
        raise ConnectionError("mail server is away")

    row = enqueue("tests.job", key="a")
    waits = []
    for _ in range(9):
        run_job(row.pk)
        row.refresh_from_db()
        waits.append((row.due_at - timezone.now()).total_seconds())
        assert run_job(row.pk) is False, "it must not run before its time"
        clock.move_to(row.due_at)

    assert waits == [4, 16, 64, 256, 1024, 3600, 3600, 3600, 3600]
    assert (row.status, row.attempts) == (Job.Status.DUE, 9)
    run_job(row.pk)
    row.refresh_from_db()
    assert (row.status, row.attempts) == (Job.Status.DEAD, 10)
    assert "ConnectionError: mail server is away" in row.last_error
    clock.shift(timedelta(days=1))
    assert run_job(row.pk) is False
    assert run_due_jobs() == 1, "the owner is told of it"


def test_a_failing_job_does_not_hold_up_the_others() -> None:
    ran: list[int] = []

    @job("tests.job")
    def even(*, number: int) -> None:
        if number % 2:
            raise ConnectionError("odd")
        ran.append(number)

    for number in range(6):
        enqueue("tests.job", key=str(number), number=number)

    assert run_due_jobs() == 3
    assert sorted(ran) == [0, 2, 4]
    assert Job.objects.filter(status=Job.Status.DUE).count() == 3


def test_what_no_retry_cures_is_dead_at_once() -> None:
    @job("tests.job")
    def fail() -> None:
        raise PermanentFailure("the address does not exist")

    row = enqueue("tests.job", key="a")
    run_job(row.pk)

    row.refresh_from_db()
    assert (row.status, row.attempts) == (Job.Status.DEAD, 1)


def test_a_job_that_nothing_here_does_waits_for_who_can() -> None:
    row = enqueue("tests.nobody", key="a")
    run_job(row.pk)

    row.refresh_from_db()
    assert (row.status, row.attempts, row.owner) == (Job.Status.DUE, 1, "")
    assert "nothing here does tests.nobody" in row.last_error


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(settings.EMBEDDED_DATABASE, reason="nobody can hang up on a file")
@pytest.mark.parametrize("external", [True, False])
def test_a_job_whose_connection_is_cut_is_put_back_at_once(bells: list[Any], external: bool) -> None:
    @job("tests.job", external=external)
    def be_cut_off() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    row = enqueue("tests.job", key="a")
    run_job(row.pk)

    row.refresh_from_db()
    assert (row.status, row.attempts, row.owner, row.lease_until) == (Job.Status.DUE, 1, "", None)
    assert "OperationalError" in row.last_error


def test_a_dead_job_can_be_run_again() -> None:
    ran: list[int] = []
    row = enqueue("tests.job", key="a")
    Job.objects.update(status=Job.Status.DEAD, attempts=outbox.TRIES)
    job("tests.job")(lambda: ran.append(1))
    row.refresh_from_db()

    outbox.run_again(row)

    assert run_due_jobs() == 1
    assert ran == [1]
    row.refresh_from_db()
    assert row.status == Job.Status.DONE


def test_the_sweep_rings_for_what_is_due_and_untouched_and_free(
    bells: list[Any], clock: time_machine.Traveller
) -> None:
    now = timezone.now()
    long_ago = now - timedelta(minutes=1)

    def row(key: str, **fields: Any) -> Job:
        return Job.objects.create(
            name="tests.job", key=key, **{"due_at": long_ago, "rung_at": long_ago, **fields}
        )

    due = row("due")
    orphan = row("its worker died", owner="x", lease_until=now - timedelta(seconds=1))
    row("just rung", rung_at=now - timedelta(seconds=9))
    row("later", due_at=now + timedelta(seconds=1))
    row("leased", owner="x", lease_until=now + timedelta(seconds=1))
    row("done", status=Job.Status.DONE)
    row("dead", status=Job.Status.DEAD)

    outbox.sweep()
    assert sorted(map(str, bells)) == sorted([str(due.pk), str(orphan.pk)])
    outbox.sweep()
    assert len(bells) == 2, "a row that was just rung for is left alone"


def test_two_beats_enqueue_a_recurring_job_once_per_slot(clock: time_machine.Traveller) -> None:
    clock.move_to("2026-11-22T00:00:10Z")
    for _ in range(2):
        outbox.tick("tests.nightly", 86_400)
    clock.move_to("2026-11-22T23:59:59Z")
    outbox.tick("tests.nightly", 86_400)

    assert Job.objects.filter(name="tests.nightly").count() == 1
    clock.move_to("2026-11-23T00:00:00Z")
    outbox.tick("tests.nightly", 86_400)
    assert Job.objects.filter(name="tests.nightly").count() == 2


def test_a_nightly_job_does_not_wait_for_a_beat_that_lives_a_day() -> None:
    job("tests.nightly", every=86_400)(lambda: None)

    entry = outbox.schedule()["tests.nightly"]

    assert entry["schedule"] == 60
    assert entry["args"] == ("tests.nightly", 86_400)


def test_done_jobs_are_kept_for_ninety_days() -> None:
    now = timezone.now()

    def row(key: str, status: str, days: int) -> None:
        Job.objects.create(name="tests.job", key=key, status=status, done_at=now - timedelta(days=days))

    row("old", Job.Status.DONE, 91)
    row("young", Job.Status.DONE, 89)
    row("dead", Job.Status.DEAD, 400)

    outbox.prune()

    assert sorted(Job.objects.values_list("key", flat=True)) == ["dead", "young"]


@pytest.mark.django_db(transaction=True)
def test_only_external_jobs_run_outside_a_transaction() -> None:
    seen = {}

    def look(name: str) -> None:
        seen[name] = transaction.get_connection().in_atomic_block

    job("tests.rows")(lambda: look("rows"))
    job("tests.network", external=True)(lambda: look("network"))
    enqueue("tests.rows", key="a")
    enqueue("tests.network", key="a")

    run_due_jobs()

    assert seen == {"rows": True, "network": False}


def test_the_network_is_refused_inside_a_transaction() -> None:
    refuse_in_transaction("mail")

    with pytest.raises(RuntimeError, match="mail inside a transaction"), transaction.atomic():
        refuse_in_transaction("mail")


def test_a_service_that_is_away_for_four_hours_kills_no_job(clock: time_machine.Traveller) -> None:
    back_again = timezone.now() + timedelta(hours=4)
    ran: list[int] = []

    @job("tests.job")
    def ask() -> None:
        if timezone.now() < back_again:
            raise ConnectionError("away")
        ran.append(1)

    row = enqueue("tests.job", key="a")
    while not run_job(row.pk):
        row.refresh_from_db()
        assert row.status == Job.Status.DUE
        clock.move_to(row.due_at)

    assert ran == [1]
    assert timezone.now() - back_again <= timedelta(hours=1)
