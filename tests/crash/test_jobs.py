"""Workers killed in the middle of their work."""

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Max, Sum

from shopfolio.ecommerce.models import StockMovement, Variant
from shopfolio.tasks.models import Email, Job
from tests.counts import count, tell
from tests.crash import jobs
from tests.factories import make_variant
from tests.processes import Program, Programs, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

JOBS = count(60, 500)
KILLS = 5
"""Three of a worker's main process, two of a child."""
AT_WORK = 2
"""Jobs that a worker has in hand, and its children with it die, when its main process is killed."""
IMPATIENT = {"shopfolio.tasks.outbox.UNTOUCHED": timedelta(seconds=count(1, 10))}


@pytest.fixture(autouse=True)
def _mail_server(settings: Any, tmp_path: Path) -> None:
    settings.MAIL_DIR = tmp_path / "mail"
    settings.EMAIL_BACKEND = "tests.crash.jobs.SlowMailServer"


def of_the_test() -> Any:
    return Job.objects.filter(name__in=["tests.receive", "tasks.send_email"])


def kill_a_child(worker: Program) -> None:
    wait_for(lambda: worker.children() or not worker.is_alive)
    with suppress(ProcessLookupError, IndexError):  # it was quicker
        os.kill(random.choice(worker.children()), signal.SIGKILL)


def test_killed_workers_lose_no_job_and_do_none_twice(programs: Programs) -> None:
    shelves = [make_variant(available=0), make_variant(available=0)]
    began = time.monotonic()
    for _ in range(2):
        programs.start("beat")  # a second one does no harm
    workers = [programs.start("worker", **IMPATIENT) for _ in range(2)]
    programs.start(jobs.enqueue_jobs, [str(shelf.pk) for shelf in shelves], JOBS)

    def are_done(jobs: int) -> bool:
        # Celery gives up when a child dies while it starts; as on a site, it is started again.
        for number, worker in enumerate(workers):
            if not worker.is_alive:
                workers[number] = programs.start("worker", **IMPATIENT)
        return of_the_test().filter(status="done").count() >= jobs

    for number, moment in enumerate(sorted(random.sample(range(1, JOBS - 5), KILLS))):
        wait_for(lambda moment=moment: are_done(moment))
        victim = random.choice(workers)
        if number % 2:
            kill_a_child(victim)
            continue
        victim.kill()
        wait_for(lambda victim=victim: victim.children() == [], seconds=10)
        workers.remove(victim)
        workers.append(programs.start("worker", **IMPATIENT))
    wait_for(lambda: are_done(JOBS), seconds=120)

    assert set(of_the_test().values_list("status", flat=True)) == {"done"}
    notes = Counter(StockMovement.objects.values_list("note", flat=True))
    assert notes == {str(number): 2 for number in range(JOBS // 2)}
    assert set(Variant.objects.values_list("available", flat=True)) == {JOBS // 2}
    sent = Counter(jobs.mails_sent())
    assert set(sent) == set(Email.objects.values_list("message_id", flat=True))
    twice = sent.total() - len(sent)
    assert twice <= 3 * AT_WORK + 2
    attempts = of_the_test().aggregate(most=Max("attempts"), all=Sum("attempts"))
    assert attempts["most"] <= 1 + KILLS
    assert attempts["all"] <= JOBS + 3 * AT_WORK + 2
    assert "locked" not in "".join(text for _, text in programs.logs())
    tell(
        f"{connection.vendor}, {settings.CELERY_BROKER_URL.partition(':')[0]}",
        f"{JOBS} jobs, {KILLS} kills",
        "0 lost, 0 effects twice",
        f"{twice} mails twice, {attempts['all'] - JOBS} tries more, at most {attempts['most']} of a job",
        f"{time.monotonic() - began:.0f} s",
    )
