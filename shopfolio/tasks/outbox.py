"""Jobs: promised by a row in the caller's transaction, done by a worker that claims the row.

The broker may lose every message: it carries only bells, and a sweep rings again for what is due.
"""

import os
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from shopfolio.attention import only_keys
from shopfolio.lib.db import renew_connection
from shopfolio.lib.logs import words_of_error
from shopfolio.lib.process import is_running, process_space
from shopfolio.tasks.celery import TIME_LIMIT, app, make_broker_folders
from shopfolio.tasks.models import Email, Job, LastSweep

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=TIME_LIMIT + 30)
TRIES = 10
PATIENCE = timedelta(days=7)
"""How long a job may wait for somebody who is away."""
UNTOUCHED = timedelta(seconds=10)
"""How long a due row waits for its bell before the sweep rings again."""


@dataclass(frozen=True)
class Handler:
    run: Callable[..., None]
    label: Any
    """What it does, in the owner's words."""
    external: bool
    forgets: bool = False


HANDLERS: dict[str, Handler] = {}
Schedule = dict[str, float]
EVERY: Schedule = {}
"""Recurring jobs and their seconds, as `every` declared them."""
WHEN: dict[str, Callable[[], bool]] = {}
"""Recurring jobs that are left out while there is no reason for them."""


class PermanentFailure(Exception):
    """What no retry will cure: a person must look at it."""


class Away(Exception):
    """Somebody whom the job needs does not answer. It waits without losing a try, until `wake` or an hour."""

    who = ""


def job(
    name: str,
    label: Any = "",
    *,
    external: bool = False,
    every: float | None = None,
    when: Callable[[], bool] | None = None,
    forgets: bool = False,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function the handler of jobs with this name.

    Without `external` it may only touch the database, and its effects happen exactly once. With it, it
    may speak to the network, runs outside any transaction, and must bear to run twice.
    label: what it does, in the owner's words.
    every: seconds between two runs of a recurring job. when: asked cheaply before each.
    forgets: what it was told is somebody's, and is wiped once the job is done.
    """

    def register(run: Callable[..., None]) -> Callable[..., None]:
        HANDLERS[name] = Handler(run=run, label=label or name, external=external, forgets=forgets)
        if every:
            EVERY[name] = every
        if when:
            WHEN[name] = when
        return run

    return register


def enqueue(name: str, *, key: str, delay: timedelta = timedelta(), **args: Any) -> Job:
    """Promise a job within the caller's transaction. The same name and key give the first one again."""
    defaults = {"args": args, "due_at": timezone.now() + delay, "request_id": request_id()}
    row, created = Job.objects.get_or_create(name=name, key=key, defaults=defaults)
    if created and not delay:
        transaction.on_commit(partial(ring, row.pk), robust=True)
    return row


def request_id() -> str:
    """Of the request that is answered now, or that led to the job that runs now; it names both in the log."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def ring(job_id: UUID) -> None:
    """Tell a worker; if nobody hears, the sweep will ring again."""
    make_broker_folders()
    try:
        app.send_task("tasks.run", [str(job_id)], retry=False, ignore_result=True)
    except Exception as error:
        log.warning("bell not rung", job_id=str(job_id), error=type(error).__name__)


@shared_task(name="tasks.run")
def run(job_id: str) -> None:
    run_job(UUID(job_id))


@shared_task(name="tasks.sweep")
def sweep() -> None:
    """Ring for every due row that nobody works on."""
    put_back_the_orphans()
    now = timezone.now()
    due = Job.objects.waiting(now).filter(rung_at__lt=now - UNTOUCHED)
    for job_id in list(due.order_by("due_at").values_list("pk", flat=True)[:200]):
        Job.objects.filter(pk=job_id).update(rung_at=now)
        ring(job_id)
    LastSweep.note()


class WorkerDied(Exception):
    """Killed, out of memory or past its time limit: it could not say so itself."""


def put_back_the_orphans() -> None:
    """Put back what a process of this machine held when it died, before its lease is over."""
    if not process_space():
        return
    for row in Job.objects.filter(status=Job.Status.DUE, owner__startswith=f"{process_space()}:"):
        pid = int(row.owner.split(":")[1])
        if not is_running(pid):
            with structlog.contextvars.bound_contextvars(**told_of(row)):
                put_back(row, WorkerDied(f"process {pid}"), owner=row.owner)


@shared_task(name="tasks.tick")
def tick(name: str, seconds: float) -> None:
    """Enqueue a recurring job once per slot of time, however many beats there are."""
    if name in WHEN and not WHEN[name]():
        return
    slot = int(timezone.now().timestamp() // seconds)
    enqueue(name, key=f"{name}-{slot}")


def run_job(job_id: UUID) -> bool:
    """Do a due job if nobody else is at it; whether this call did it."""
    owner = f"{process_space() or socket.gethostname()[:40]}:{os.getpid()}:{get_random_string(8)}"
    row = claim(job_id, owner=owner)
    if row is None:
        return False
    began = time.perf_counter()
    with structlog.contextvars.bound_contextvars(**told_of(row)):
        log.info("job started")
        try:
            perform(row, owner=owner)
        except Exception as error:
            renew_connection()
            with structlog.contextvars.bound_contextvars(ms=ms_since(began)):
                put_back(row, error, owner=owner)
            return False
        log.info("job done", ms=ms_since(began))
    return True


def told_of(row: Job) -> dict[str, Any]:
    """What stands in every line that the job writes."""
    line = {"job_id": str(row.pk), "job": row.name, "attempt": row.attempts}
    return line | ({"request_id": row.request_id} if row.request_id else {})


def ms_since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)


def claim(job_id: UUID, *, owner: str) -> Job | None:
    now = timezone.now()
    free = Job.objects.waiting(now).filter(pk=job_id)
    won = free.update(
        owner=owner, lease_until=now + LEASE, attempts=models.F("attempts") + 1, rung_at=now, waits_for=""
    )
    return Job.objects.get(pk=job_id) if won else None


def perform(row: Job, *, owner: str) -> None:
    if row.attempts > TRIES:  # killed each time, by its time limit or for want of memory: nobody put it back
        raise PermanentFailure("its worker died every time")
    handler = HANDLERS.get(row.name)
    if handler is None:  # of the next release perhaps, which is only starting
        raise LookupError(f"nothing here does {row.name}")
    if handler.external:
        handler.run(**row.args)
        finish(row, owner=owner)
    else:
        with transaction.atomic():
            handler.run(**row.args)
            finish(row, owner=owner)


class LeaseLost(Exception):
    """Somebody else has taken the job over."""


def finish(row: Job, *, owner: str) -> None:
    """The fence: only who still holds the lease may say done."""
    now = timezone.now()
    wiped: dict[str, Any] = {"args": {}} if HANDLERS[row.name].forgets else {}
    changed = Job.objects.filter(pk=row.pk, owner=owner, status=Job.Status.DUE).update(
        status=Job.Status.DONE, done_at=now, modified=now, lease_until=None, last_error="", **wiped
    )
    if not changed:
        raise LeaseLost(str(row.pk))


def put_back(row: Job, error: Exception, *, owner: str) -> None:
    """Try again later; give up after TRIES, more than four hours on."""
    now = timezone.now()
    if isinstance(error, Away) and row.created > now - PATIENCE:
        let_wait(row, error, owner=owner)
        return
    dead = isinstance(error, PermanentFailure) or row.attempts >= TRIES
    log.warning("job failed", gave_up=dead, error=words_of_error(error))
    with transaction.atomic():
        changed = Job.objects.filter(pk=row.pk, owner=owner, status=Job.Status.DUE).update(
            status=Job.Status.DEAD if dead else Job.Status.DUE,
            due_at=now + pause(row.attempts),
            lease_until=None,
            owner="",
            modified=now,
            last_error="".join(traceback.format_exception(error))[-4000:],
        )
        if dead and changed and not is_notice(row):
            call_for_attention("mails" if row.name == "tasks.send_email" else "jobs")


NOTICE = "needs-you-"
"""How the keys of mails begin that `call_for_attention` leads to."""


def is_notice(row: Job) -> bool:
    """A notice that cannot be sent must not lead to another, for ever."""
    keys = only_keys([str(row.args.get("email_id"))])
    return bool(keys) and Email.objects.filter(pk__in=keys, key__startswith=NOTICE).exists()


def call_for_attention(kind: str) -> None:
    """Have a mail written to the owner about what waits; the key is the day's, so that it is one a day."""
    enqueue("core.call_for_attention", key=f"{kind}-{timezone.now().date()}", kind=kind)


def pause(attempts: int) -> timedelta:
    """Each time four times as much, at most an hour."""
    return timedelta(seconds=min(4**attempts, 3600))


def let_wait(row: Job, error: Away, *, owner: str) -> None:
    """Somebody is away: nothing is wrong with the job, so this was no try."""
    now = timezone.now()
    log.info("job waits", waits_for=error.who)
    Job.objects.filter(pk=row.pk, owner=owner, status=Job.Status.DUE).update(
        waits_for=error.who,
        attempts=row.attempts - 1,
        due_at=now + timedelta(hours=1),
        lease_until=None,
        owner="",
        modified=now,
        last_error=f"{type(error).__name__}: {error}"[:4000],
    )


def waiting(name: str, who: str) -> models.QuerySet[Job]:
    """Jobs of a name that somebody who is away keeps waiting, the longest first."""
    return Job.objects.filter(status=Job.Status.DUE, name=name, waits_for=who).order_by("modified")


def refuse_while_away(name: str, away: Away, *, has_answered: Callable[[datetime], bool]) -> None:
    """Who asked last speaks for all: workers that wait in vain for somebody do nothing else meanwhile.

    has_answered: whether anybody has had an answer since then. Raises `away`.
    """
    last = waiting(name, away.who).last()
    if last and not has_answered(last.modified):
        raise away


def let_one_ask(name: str, ask: Callable[..., object], *, away: type[Away]) -> None:
    """Let the job that has waited longest ask for all; once it is answered, whatever is said, all run."""
    first = waiting(name, away.who).first()
    if first is None:
        return
    try:
        ask(**first.args)
    except away:
        first.save(update_fields=["modified"])  # next time another one asks
        return
    except Exception as error:  # an answer all the same: the job meets it again when it runs
        log.info("asked for all", error=type(error).__name__)
    wake(name, away.who)


def wake(name: str, who: str) -> int:
    """Who was away answers again: all are due with fresh tries, and the next sweep rings for them."""
    now = timezone.now()
    return waiting(name, who).update(
        waits_for="", attempts=0, due_at=now, rung_at=now - UNTOUCHED, modified=now
    )


def run_again(row: Job) -> None:
    """Give a dead job all its tries once more."""
    now = timezone.now()
    if Job.objects.filter(pk=row.pk, status=Job.Status.DEAD).update(
        status=Job.Status.DUE, attempts=0, due_at=now, lease_until=None, rung_at=now, modified=now
    ):
        transaction.on_commit(partial(ring, row.pk), robust=True)


def try_now(row: Job) -> None:
    """Let a job that waits for its next try have it at once."""
    now = timezone.now()
    waits = Job.objects.filter(pk=row.pk, status=Job.Status.DUE, lease_until=None, due_at__gt=now)
    if waits.update(due_at=now, rung_at=now, modified=now):
        transaction.on_commit(partial(ring, row.pk), robust=True)


@transaction.atomic
def do_again(name: str, *, key: str, **args: Any) -> None:
    """Have something done once more, whatever became of the first time."""
    same = models.Q(key=key) | models.Q(key__startswith=f"{key}-again-")
    before = Job.objects.filter(same, name=name)
    last = before.order_by("created").last()
    if last and last.status == Job.Status.DEAD:
        run_again(last)
    elif last and last.status == Job.Status.DUE:
        try_now(last)
    else:
        enqueue(name, key=f"{key}-again-{before.count()}" if last else key, **args)


def run_due_jobs() -> int:
    """Do everything that is due in this process; how many were done. For tests."""
    done = 0
    while batch := list(
        Job.objects.filter(status=Job.Status.DUE, due_at__lte=timezone.now())
        .order_by("due_at", "pk")
        .values_list("pk", flat=True)
    ):
        ran = sum(run_job(job_id) for job_id in batch)
        done += ran
        if not ran:
            break
    return done


@job("tasks.prune", _("Tidy up old jobs"), every=86_400)
def prune() -> None:
    """Done jobs are kept for 90 days; those that come back every few seconds, for one."""
    done, now = Job.objects.filter(status=Job.Status.DONE), timezone.now()
    done.filter(done_at__lt=now - timedelta(days=90)).delete()
    often = [name for name, seconds in EVERY.items() if seconds < 3600]
    done.filter(name__in=often, done_at__lt=now - timedelta(days=1)).delete()


def schedule() -> dict[str, dict[str, Any]]:
    """Beat's timetable: the sweep, and a tick for every recurring job.

    Ticks come at least once a minute: a slot is enqueued once anyway, and a daily job must not wait for a
    beat that lives a whole day.
    """
    entries: dict[str, dict[str, Any]] = {
        "sweep": {"task": "tasks.sweep", "schedule": 2.0, "options": {"expires": 10}},
    }
    for name, seconds in EVERY.items():
        entries[name] = {
            "task": "tasks.tick",
            "schedule": min(seconds, 60.0),
            "args": (name, seconds),
            "options": {"expires": min(seconds, 60.0)},
        }
    return entries
