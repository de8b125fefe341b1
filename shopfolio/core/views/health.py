"""What machines ask: is the process alive, and is the site fit to be used."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from shopfolio.tasks.models import Job, LastSweep

LONGEST_WAIT = timedelta(minutes=5)
"""How long a due job may wait for a worker."""

LONGEST_SILENCE = timedelta(minutes=2)
"""How long ago the last sweep may be; also how long a new site may take to its first."""

STARTED = time.monotonic()
_migrated: list[bool] = []


@dataclass(frozen=True)
class Finding:
    """One line of the answer: whether it is well, and its figure."""

    is_well: bool
    figure: str


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    return answer("live")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when all is well; else 503, and the first line names what is not."""
    findings = look()
    wrong = [name for name, finding in findings.items() if not finding.is_well]
    lines = [f"{'ok' if found.is_well else '!!'}  {name}: {found.figure}" for name, found in findings.items()]
    verdict = f"not ready: {', '.join(wrong)}" if wrong else "ready"
    return answer("\n".join([verdict, *lines]), status=503 if wrong else 200)


def answer(text: str, *, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)


def look() -> dict[str, Finding]:
    """Without a database, or with an old one, nothing else can be asked.

    The database's errors are told without their words, which name hosts and users.
    """
    findings: dict[str, Finding] = {}
    for name, check in CHECKS.items():
        try:
            findings[name] = check()
        except DatabaseError:
            findings[name] = Finding(is_well=False, figure="does not answer")
        if name in {"database", "migrations"} and not findings[name].is_well:
            break
    return findings


def database() -> Finding:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding(is_well=True, figure=f"answers within {1 + int((time.perf_counter() - began) * 1000)} ms")


def migrations() -> Finding:
    """Asked until they are applied; they stay so while this process lives."""
    if not _migrated:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return Finding(is_well=False, figure=f"{len(missing)} not applied")
        _migrated.append(True)
    return Finding(is_well=True, figure="all applied")


def oldest_due_job() -> Finding:
    """Jobs that a worker is at do not wait."""
    now = timezone.now()
    oldest = Job.objects.waiting(now).order_by("due_at").values_list("due_at", flat=True).first()
    if oldest is None:
        return Finding(is_well=True, figure="none waits")
    return judge(now - oldest, LONGEST_WAIT, "waits for {age} s")


def last_sweep() -> Finding:
    at = LastSweep.objects.values_list("at", flat=True).first()
    if at is not None:
        return judge(timezone.now() - at, LONGEST_SILENCE, "{age} s ago")
    running = timedelta(seconds=time.monotonic() - STARTED)
    return judge(running, LONGEST_SILENCE, "none yet, {age} s after the start")


def judge(age: timedelta, most: timedelta, words: str) -> Finding:
    seconds, limit = int(age.total_seconds()), int(most.total_seconds())
    is_well = age <= most
    figure = words.format(age=max(seconds, 0))
    return Finding(is_well, figure if is_well else f"{figure}, more than {limit} s")


CHECKS: dict[str, Callable[[], Finding]] = {
    "database": database,
    "migrations": migrations,
    "oldest due job": oldest_due_job,
    "last sweep": last_sweep,
}
