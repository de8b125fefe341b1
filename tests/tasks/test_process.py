"""Real worker and beat processes on the broker of the embedded site: files in a folder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from shopfolio.tasks import celery as broker
from shopfolio.tasks.broker import Channel, forget_messages
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import LEASE, enqueue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

Start = Callable[[str], "subprocess.Popen[bytes]"]


def wait_for(what: Callable[[], bool], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts our commands as processes of their own on the test's database."""
    running: list[subprocess.Popen[bytes]] = []
    program = (
        "import os, sys; from django.conf import settings; import django;"
        "settings.DATABASES['default']['NAME'] = os.environ['TEST_DATABASE']; django.setup();"
        "from django.core.management import call_command; call_command(sys.argv[1])"
    )

    def launch(command: str) -> "subprocess.Popen[bytes]":
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "shopfolio.settings",
            "DATA_DIR": str(settings.DATA_DIR),
            "TEST_DATABASE": str(connection.settings_dict["NAME"]),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", program, command], env=environment, start_new_session=True
        )
        running.append(process)
        return process

    yield launch
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def enqueue_mails(count: int) -> list[Job]:
    mails = [
        Email.objects.create(
            key=str(number), to="ada@example.org", subject=f"Mail {number}", message_id=f"<{number}@test>"
        )
        for number in range(count)
    ]
    return [enqueue("tasks.send_email", key=str(mail.pk), email_id=str(mail.pk)) for mail in mails]


def done() -> int:
    return Job.objects.filter(status=Job.Status.DONE).count()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_does_what_another_process_enqueued(start: Start) -> None:
    worker = start("worker")
    wait_for(lambda: len(children_of(worker.pid)) >= 2)

    jobs = enqueue_mails(20)
    wait_for(lambda: done() == len(jobs))

    assert set(Job.objects.values_list("attempts", flat=True)) == {1}
    assert set(Email.objects.values_list("status", flat=True)) == {Email.Status.SENT}
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0


def test_a_worker_killed_in_the_middle_loses_nothing_and_leaves_no_child(start: Start) -> None:
    first = start("worker")
    wait_for(lambda: len(children_of(first.pid)) >= 2)
    pool = children_of(first.pid)
    jobs = enqueue_mails(60)
    wait_for(lambda: done() >= 1)

    first.kill()
    first.wait()
    wait_for(lambda: not any(alive(child) for child in pool), seconds=10)
    # Who held a lease is dead; what a lease lasts is tested with a moved clock.
    Job.objects.filter(status=Job.Status.DUE, lease_until__isnull=False).update(lease_until=None)
    Job.objects.filter(status=Job.Status.DUE).update(rung_at=Job.objects.earliest("rung_at").rung_at - LEASE)
    start("beat")
    start("worker")
    wait_for(lambda: done() == len(jobs))

    assert set(Email.objects.values_list("status", flat=True)) == {Email.Status.SENT}
    assert not Job.objects.filter(status=Job.Status.DEAD).exists()


def test_messages_in_the_folder_come_in_order_and_each_only_once(tmp_path: Path) -> None:
    with override_settings(BROKER_DIR=tmp_path, CELERY_BROKER_URL="filesystem://"):
        broker.make_broker_folders()
        options = broker.transport_options()
    channel = object.__new__(Channel)
    channel.__dict__.update(
        data_folder_in=options["data_folder_in"], data_folder_out=options["data_folder_out"]
    )

    for number in range(3):
        channel._put("celery", {"number": number})

    assert [channel._get("celery")["number"] for _ in range(3)] == [0, 1, 2]
    assert list((tmp_path / "queue").iterdir()) == []
    channel._put("celery", {"number": 3})
    forget_messages(tmp_path / "queue")
    assert list((tmp_path / "queue").iterdir()) == []
