"""Jobs that harm their worker, among others that do not."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import enqueue
from tests.counts import count, tell
from tests.crash import jobs
from tests.processes import Programs, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

POISON = {
    "tests.raises": "ZeroDivisionError",
    "tests.kills": "WorkerDied",
    "tests.exits": "WorkerDied",
    "tests.nobody": "nothing here does tests.nobody",
}
TRIES = count(2, 10)
HURRIED = {
    "shopfolio.tasks.outbox.TRIES": TRIES,
    "shopfolio.tasks.outbox.UNTOUCHED": timedelta(seconds=0.5),
    "shopfolio.tasks.outbox.pause": jobs.no_pause,
}


def test_poison_is_given_up_while_the_others_flow_and_runs_again_when_cured(
    programs: Programs, owner_client: Client, tmp_path: Path
) -> None:
    cure, lines = tmp_path / "cure", tmp_path / "lines"
    worker = programs.start("worker", **HURRIED)
    programs.start("beat")

    for name in POISON:
        enqueue(name, key="a", cure=str(cure))
    for number in range(20):
        enqueue("tests.write_down", key=str(number), path=str(lines), line=str(number))
    # The mail that tells the owner of them may itself take longer than a job may here.
    harmful = Job.objects.filter(name__in=POISON)
    wait_for(lambda: harmful.filter(status="dead").count() == len(POISON), seconds=120)

    others = Job.objects.filter(name="tests.write_down")
    assert set(others.values_list("status", "attempts")) == {("done", 1)}
    assert len(lines.read_text().splitlines()) == 40
    dead = {row.name: row for row in harmful}
    assert {name: dead[name].attempts for name in POISON} == dict.fromkeys(POISON, TRIES)
    assert {name: why for name, why in POISON.items() if why in dead[name].last_error} == POISON
    assert worker.is_alive

    page = owner_client.get(reverse("admin:tasks_job_changelist"), {"status__exact": "dead"})
    assert all(name in page.content.decode() for name in dead)
    cure.touch()
    owner_client.post(
        reverse("admin:tasks_job_changelist"),
        {"action": "run_again", "_selected_action": [row.pk for row in dead.values()]},
    )
    wait_for(lambda: harmful.filter(status="done").count() == len(POISON) - 1)
    wait_for(lambda: harmful.filter(name="tests.nobody", status="dead").exists())

    assert set(harmful.filter(status="done").values_list("attempts", flat=True)) == {1}
    tell(connection.vendor, f"poison: {', '.join(dead)}", f"dead after {TRIES} tries, 20 others at the first")


def test_a_job_past_its_time_is_ended_and_given_up(programs: Programs, tmp_path: Path) -> None:
    limit = {"shopfolio.tasks.celery.app.conf.task_time_limit": 1}
    worker = programs.start("worker", **HURRIED | limit)
    programs.start("beat")

    # Rung for by the worker's own sweep: a bell carries the limit of whoever rings, and here that is 120 s.
    soon = timedelta(seconds=0.1)
    dawdler = enqueue("tests.dawdles", key="a", delay=soon, cure=str(tmp_path / "cure"))
    wait_for(lambda: Job.objects.filter(status="dead", pk=dawdler.pk).exists(), seconds=120)

    dawdler.refresh_from_db()
    assert dawdler.attempts == TRIES
    assert "WorkerDied" in dawdler.last_error
    assert worker.is_alive
