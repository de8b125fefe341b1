"""The programs of the embedded and of the grown site, each a real process."""

import os
import signal

import pytest
import requests
from django.test import override_settings

from shopfolio.core.models import Profile
from shopfolio.tasks.models import Email, Job
from tests.crash.jobs import enqueue_mail
from tests.factories import make_shop
from tests.processes import Programs, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


def done() -> int:
    return Job.objects.filter(status=Job.Status.DONE).count()


def test_a_worker_does_what_another_process_enqueued(programs: Programs) -> None:
    worker = programs.start("worker")
    wait_for(lambda: len(worker.children()) >= 2)

    for number in range(20):
        enqueue_mail(number)
    wait_for(lambda: done() == 20)

    assert set(Job.objects.values_list("attempts", flat=True)) == {1}
    assert set(Email.objects.values_list("status", flat=True)) == {Email.Status.SENT}
    assert worker.stop() == 0
    assert worker.children() == []


def test_a_web_server_shows_the_tests_rows_with_the_tests_settings(programs: Programs) -> None:
    make_shop()
    Profile.objects.update(name="Ada of the rows")
    with override_settings(ALLOWED_HOSTS=["127.0.0.1"]):
        web = programs.start_web(workers=2)

    page = requests.get(web.url, timeout=20)

    assert (page.status_code, "Ada of the rows" in page.text) == (200, True)
    assert requests.get(web.url, headers={"Host": "localhost"}, timeout=20).status_code == 400
    wait_for(lambda: len(web.children()) == 2)
    assert web.stop() == 0
    assert web.children() == []


def test_a_worker_whose_waiting_children_are_killed_gets_new_ones_and_goes_on(programs: Programs) -> None:
    worker = programs.start("worker")
    enqueue_mail(0)
    wait_for(lambda: done() == 1)
    killed = worker.children()

    for child in killed:
        os.kill(child, signal.SIGKILL)
    for number in range(1, 6):
        enqueue_mail(number)
    wait_for(lambda: done() == 6, seconds=20)

    assert worker.is_alive
    assert set(killed) & set(worker.children()) == set()
