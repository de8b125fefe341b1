"""What machines are told of the site's health."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import override_settings

from shopfolio.core.views import health
from shopfolio.tasks.models import Job, LastSweep
from shopfolio.tasks.outbox import sweep

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def lines(client):
    """The status, the verdict, and what is said of each thing."""
    answer = client.get("/health/ready")
    verdict, *rest = answer.content.decode().splitlines()
    return answer.status_code, verdict, dict(line.split(": ", 1) for line in rest)


def test_a_site_that_is_well_says_so_with_its_figures(client, noon):
    LastSweep.objects.create(at=NOON - timedelta(seconds=4))
    Job.objects.create(name="tasks.prune", key="1", due_at=NOON - timedelta(seconds=9))

    status, verdict, told = lines(client)

    assert (status, verdict) == (200, "ready")
    assert told.pop("ok  database").startswith("answers within ")
    assert told == {
        "ok  migrations": "all applied",
        "ok  oldest due job": "waits for 9 s",
        "ok  last sweep": "4 s ago",
    }


def test_a_job_that_nobody_takes_makes_it_unready(client, noon):
    LastSweep.objects.create(at=NOON)
    job = Job.objects.create(name="tasks.prune", key="1", due_at=NOON - timedelta(minutes=5))
    assert lines(client)[0] == 200

    Job.objects.filter(pk=job.pk).update(due_at=NOON - timedelta(minutes=5, seconds=1))

    status, verdict, told = lines(client)
    assert (status, verdict) == (503, "not ready: oldest due job")
    assert told["!!  oldest due job"] == "waits for 301 s, more than 300 s"
    assert told["ok  last sweep"] == "0 s ago"


@pytest.mark.parametrize(
    "fields",
    [
        {"status": Job.Status.DONE},
        {"status": Job.Status.DEAD},
        {"due_at": NOON + timedelta(hours=1)},
        {"lease_until": NOON + timedelta(seconds=1)},
    ],
    ids=["done", "dead", "later", "in work"],
)
def test_a_job_that_need_not_be_taken_now_does_not_wait(client, noon, fields):
    LastSweep.objects.create(at=NOON)
    Job.objects.create(**({"name": "tasks.prune", "key": "1", "due_at": NOON - timedelta(hours=1)} | fields))

    assert lines(client)[2]["ok  oldest due job"] == "none waits"


def test_a_job_whose_worker_died_waits(client, noon):
    LastSweep.objects.create(at=NOON)
    hour_ago = NOON - timedelta(hours=1)
    Job.objects.create(name="tasks.prune", key="1", due_at=hour_ago, lease_until=NOON - timedelta(seconds=1))

    assert lines(client)[1] == "not ready: oldest due job"


def test_workers_that_sweep_no_more_make_it_unready(client, noon):
    sweep()
    noon.shift(timedelta(minutes=2))
    assert lines(client)[0] == 200

    noon.shift(timedelta(seconds=1))

    status, verdict, told = lines(client)
    assert (status, verdict) == (503, "not ready: last sweep")
    assert told["!!  last sweep"] == "121 s ago, more than 120 s"


def test_a_new_site_has_two_minutes_for_its_first_sweep(client, monkeypatch):
    monkeypatch.setattr(health.time, "monotonic", lambda: health.STARTED + 120)
    assert lines(client)[2]["ok  last sweep"] == "none yet, 120 s after the start"

    monkeypatch.setattr(health.time, "monotonic", lambda: health.STARTED + 121)

    status, verdict, told = lines(client)
    assert (status, verdict) == (503, "not ready: last sweep")
    assert told["!!  last sweep"] == "none yet, 121 s after the start, more than 120 s"


def test_a_sweep_is_written_down_every_ten_seconds_at_most(noon, django_assert_num_queries):
    sweep()
    noon.shift(timedelta(seconds=9))
    with django_assert_num_queries(1):
        LastSweep.note()
    assert LastSweep.objects.get().at == NOON

    noon.shift(timedelta(seconds=1))
    sweep()

    assert LastSweep.objects.get().at == NOON + timedelta(seconds=10)


def test_an_unmigrated_database_makes_it_unready_and_is_asked_again(client, monkeypatch):
    class Executor(health.MigrationExecutor):
        def migration_plan(self, *args, **kwargs):
            return [1, 2]

    monkeypatch.setattr(health, "_migrated", [])
    with monkeypatch.context() as patch:
        patch.setattr(health, "MigrationExecutor", Executor)
        _status, verdict, told = lines(client)
        assert verdict == "not ready: migrations"
        assert list(told) == ["ok  database", "!!  migrations"], "an old database is asked no more"
        assert told["!!  migrations"] == "2 not applied"

    assert lines(client)[2]["ok  migrations"] == "all applied"


def test_migrations_are_asked_for_once_in_a_process(client, monkeypatch, django_assert_num_queries):
    LastSweep.objects.create()
    lines(client)

    with django_assert_num_queries(3):
        assert lines(client)[0] == 200


def test_a_database_that_does_not_answer_makes_it_unready_without_a_word_of_the_error(client, monkeypatch):
    def broken() -> None:
        raise DatabaseError("password authentication failed for user ines at db.internal")

    monkeypatch.setattr(connection, "cursor", broken)

    status, verdict, told = lines(client)

    assert (status, verdict) == (503, "not ready: database")
    assert told == {"!!  database": "does not answer"}
    assert client.get("/health/live").status_code == 200


def test_being_alive_asks_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health/live")

    assert (answer.status_code, answer.content) == (200, b"live\n")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_the_answer_is_kept_nowhere_and_sets_no_cookie(client, owner_client, path):
    for browser in (client, owner_client):
        answer = browser.get(path)

        assert answer["Cache-Control"] == "no-store"
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert not answer.cookies
        assert "ETag" not in answer


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9500", "localhost", "[::1]:8000"])
@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_who_asks_on_the_same_machine_is_answered_over_http(client, host, path):
    LastSweep.objects.create()

    with override_settings(SECURE_SSL_REDIRECT=True):
        assert client.get(path, HTTP_HOST=host).status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_only_read(client, path):
    LastSweep.objects.create()

    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200
