"""A broker that goes away: Redis, which carries only bells."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from shopfolio.tasks.celery import transport_options
from shopfolio.tasks.models import Email, Job
from tests.counts import count, tell
from tests.crash import jobs
from tests.processes import LOCAL, Programs, free_port, wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.rows,
    pytest.mark.skipif(settings.EMBEDDED_DATABASE, reason="Redis belongs to the grown site"),
]


class Redis:
    """A server of the test's own, which keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://{LOCAL}:{self.port}"
        self.client = redis.Redis(port=self.port)
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", LOCAL, "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        wait_for(self.answers)

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def broker(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    server = Redis(tmp_path)
    settings.CELERY_BROKER_URL = f"{server.url}/1"
    monkeypatch.setenv("CELERY_BROKER_URL", settings.CELERY_BROKER_URL)  # Celery looks there first
    yield server
    server.stop()


@pytest.fixture
def on_redis(broker: Redis, settings: Any, tmp_path: Path) -> dict[str, Any]:
    settings.MAIL_DIR = tmp_path / "mail"
    return {
        "shopfolio.tasks.celery.app.conf.broker_transport_options": transport_options(),
        "shopfolio.tasks.outbox.UNTOUCHED": timedelta(seconds=count(1, 10)),
    }


@pytest.fixture
def times(tmp_path: Path) -> Path:
    return tmp_path / "times"


def seconds_in(times: Path) -> list[float]:
    return [float(line) for line in times.read_text().splitlines()]


def done() -> int:
    return Job.objects.filter(name="tasks.send_email", status="done").count()


def each_mail_went_out_once() -> bool:
    return Counter(jobs.mails_sent()) == Counter(Email.objects.values_list("message_id", flat=True))


def test_redis_killed_while_orders_are_committed_delays_jobs_and_loses_none(
    programs: Programs, broker: Redis, on_redis: dict[str, Any], times: Path, tmp_path: Path
) -> None:
    mails, more = count(40, 500), tmp_path / "more"
    programs.start("beat", **on_redis)
    programs.start("worker", **on_redis)
    producer = programs.start(jobs.enqueue_mails, mails, 0.02, str(times), 10, str(more), **on_redis)
    wait_for(lambda: done() == 10)

    more.touch()
    broker.stop()
    wait_for(lambda: not producer.is_alive)
    waiting = mails - done()
    broker.start()
    back = time.monotonic()
    wait_for(lambda: done() == mails, seconds=120)

    seconds = seconds_in(times)
    assert (producer.exit_code, len(seconds)) == (0, mails)
    assert max(seconds) < 2
    assert waiting > 0
    assert each_mail_went_out_once()
    tell(
        connection.vendor,
        "Redis killed while commits happen",
        f"{waiting} of {mails} jobs waited, 0 lost",
        f"slowest commit {max(seconds):.2f} s",
        f"all done {time.monotonic() - back:.0f} s after its return",
    )


def test_redis_that_hangs_costs_a_bell_a_second_and_no_worker(
    programs: Programs, broker: Redis, on_redis: dict[str, Any], times: Path, tmp_path: Path
) -> None:
    hung = tmp_path / "hung"
    programs.start("beat", **on_redis)
    programs.start("worker", **on_redis)
    producer = programs.start(jobs.enqueue_mails, 8, 0, str(times), 3, str(hung), **on_redis)
    wait_for(lambda: done() == 3)

    broker.process.send_signal(signal.SIGSTOP)
    hung.touch()
    wait_for(lambda: not producer.is_alive)
    broker.process.send_signal(signal.SIGCONT)
    wait_for(lambda: done() == 8, seconds=120)

    assert producer.exit_code == 0
    assert 1 <= max(seconds_in(times)) < 2
    assert each_mail_went_out_once()


def test_clearing_the_cache_loses_no_job(
    programs: Programs, broker: Redis, on_redis: dict[str, Any], settings: Any, times: Path
) -> None:
    """Django empties the whole Redis database; if it is the broker's as well, the bells are gone with it."""
    producer = programs.start(jobs.enqueue_mails, 100, 0, str(times), **on_redis)
    wait_for(lambda: not producer.is_alive)

    clear_cache(settings, f"{broker.url}/0")
    assert bells(broker) == 100
    clear_cache(settings, settings.CELERY_BROKER_URL)
    assert bells(broker) == 0
    programs.start("beat", **on_redis)
    programs.start("worker", **on_redis)
    wait_for(lambda: done() == 100)

    assert each_mail_went_out_once()


def clear_cache(settings: Any, url: str) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}}
    cache.clear()


def bells(broker: Redis) -> int:
    return int(redis.Redis(port=broker.port, db=1).llen("celery"))
