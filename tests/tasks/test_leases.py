"""Who works on a job: its lease, the fence at its end, and what becomes of it when its worker dies."""

import os
import subprocess
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from shopfolio.lib.process import process_space
from shopfolio.tasks import outbox
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import enqueue, job, run_job

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def written() -> Job:
    """A job whose effect can be counted: each run writes a mail."""

    @job("tests.write")
    def write() -> None:
        Email.objects.create(key=(key := timezone.now().isoformat()), to="ada@example.org", message_id=key)

    return enqueue("tests.write", key="a")


def stall_until_somebody_else_has_done_it(row: Job, clock: time_machine.Traveller) -> None:
    claimed = outbox.claim(row.pk, owner="slow")
    assert claimed
    clock.shift(outbox.LEASE + timedelta(seconds=1))
    assert run_job(row.pk) is True
    clock.shift(1)
    outbox.perform(claimed, owner="slow")


@pytest.mark.django_db(transaction=True)
def test_who_lost_the_lease_cannot_say_done_and_its_effects_are_undone(
    clock: time_machine.Traveller, written: Job
) -> None:
    with pytest.raises(outbox.LeaseLost):
        stall_until_somebody_else_has_done_it(written, clock)

    assert Email.objects.count() == 1
    written.refresh_from_db()
    assert (written.status, written.attempts) == (Job.Status.DONE, 2)


@pytest.mark.django_db(transaction=True)
def test_without_the_fence_its_effects_come_twice(
    clock: time_machine.Traveller, written: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same story with the owner not asked for."""

    def unfenced(row: Job, *, owner: str) -> None:
        Job.objects.filter(pk=row.pk).update(status=Job.Status.DONE)

    monkeypatch.setattr(outbox, "finish", unfenced)

    stall_until_somebody_else_has_done_it(written, clock)

    assert Email.objects.count() == 2


def run_again_while_it_runs() -> tuple[bool, int]:
    """Whether a second worker does a job that a first one is at, and how many were at it together."""
    at_it, most, second_is_over = [], [], threading.Event()

    @job("tests.external", external=True)
    def external() -> None:
        at_it.append(1)
        most.append(len(at_it))
        if len(most) == 1:
            first_is_at_it.set()
            second_is_over.wait(20)
        at_it.pop()

    def first() -> None:
        try:
            run_job(row.pk)
        finally:
            connection.close()

    row, first_is_at_it = enqueue("tests.external", key="a"), threading.Event()
    worker = threading.Thread(target=first)
    worker.start()
    assert first_is_at_it.wait(20)
    second = run_job(row.pk)
    second_is_over.set()
    worker.join()
    return second, max(most)


@pytest.mark.django_db(transaction=True)
def test_an_external_job_is_done_by_one_worker_at_a_time() -> None:
    assert run_again_while_it_runs() == (False, 1)


@pytest.mark.django_db(transaction=True)
def test_without_a_lease_two_workers_do_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a lease that is over as soon as it is taken."""
    monkeypatch.setattr(outbox, "LEASE", timedelta())

    assert run_again_while_it_runs() == (True, 2)


def test_a_job_whose_worker_died_runs_again_when_its_lease_is_over(clock: time_machine.Traveller) -> None:
    job("tests.job")(lambda: None)
    row = enqueue("tests.job", key="a")
    outbox.claim(row.pk, owner="a worker that dies")

    clock.shift(outbox.LEASE)
    assert run_job(row.pk) is False
    clock.shift(timedelta(seconds=1))
    assert run_job(row.pk) is True


def test_a_job_that_kills_its_worker_each_time_is_dead_after_ten(clock: time_machine.Traveller) -> None:
    """Past its time limit, or out of memory, nobody is left to count: the next claim does."""
    ran: list[int] = []
    job("tests.job")(lambda: ran.append(1))
    row = enqueue("tests.job", key="a")
    for _ in range(outbox.TRIES):
        assert outbox.claim(row.pk, owner="a worker that dies")
        clock.shift(outbox.LEASE + timedelta(seconds=1))

    assert run_job(row.pk) is False

    row.refresh_from_db()
    assert (row.status, row.lease_until) == (Job.Status.DEAD, None)
    assert "its worker died every time" in row.last_error
    assert ran == []


@pytest.fixture
def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_job_whose_worker_died_on_this_machine_comes_back_before_its_lease_is_over(
    dead_pid: int, clock: time_machine.Traveller, bells: list[Any]
) -> None:
    rows = {key: enqueue("tests.job", key=key) for key in ("dead", "alive", "elsewhere")}
    outbox.claim(rows["dead"].pk, owner=f"{process_space()}:{dead_pid}:a")
    outbox.claim(rows["alive"].pk, owner=f"{process_space()}:{os.getpid()}:b")
    outbox.claim(rows["elsewhere"].pk, owner=f"another machine:{dead_pid}:c")

    clock.shift(outbox.UNTOUCHED + timedelta(seconds=1))
    outbox.sweep()
    clock.shift(timedelta(seconds=4))
    outbox.sweep()

    assert bells == [rows["dead"].pk]
    job("tests.job")(lambda: None)
    assert {key: run_job(row.pk) for key, row in rows.items()} == {
        "dead": True, "alive": False, "elsewhere": False
    }  # fmt: skip
    rows["dead"].refresh_from_db()
    assert (rows["dead"].status, rows["dead"].attempts) == (Job.Status.DONE, 2)


def test_a_job_that_kills_its_worker_each_time_is_given_up_by_the_sweep(
    dead_pid: int, clock: time_machine.Traveller, bells: list[Any]
) -> None:
    row = enqueue("tests.job", key="a")
    waits = []
    while outbox.claim(row.pk, owner=f"{process_space()}:{dead_pid}:a"):
        outbox.sweep()
        row.refresh_from_db()
        waits.append((row.due_at - timezone.now()).total_seconds())
        clock.move_to(row.due_at)

    assert waits[:4] == [4, 16, 64, 256]
    assert (row.status, row.attempts, row.lease_until) == (Job.Status.DEAD, 10, None)
    assert "WorkerDied" in row.last_error
