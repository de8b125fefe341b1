"""The programs of the embedded and of the grown site, each a real process."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests
from django.test import override_settings

from shopfolio.core.models import Profile
from shopfolio.tasks.models import Email, Job
from tests.crash import jobs
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


def test_a_worker_that_gives_up_says_so_to_who_started_it(programs: Programs) -> None:
    worker = programs.start("worker")
    for child in wait_for(worker.children):  # Celery ends when one dies in its first moments
        os.kill(child, signal.SIGKILL)

    wait_for(lambda: not worker.is_alive)

    assert worker.exit_code == 1
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


@pytest.fixture
def slow_request() -> Iterator[Callable[[str], None]]:
    """Sends a form's beginning and nothing more: whoever serves it waits for the rest."""
    with ExitStack() as open_sockets:

        def begin(url: str) -> None:
            place = urlsplit(url)
            visitor = open_sockets.enter_context(socket.create_connection((place.hostname, place.port)))
            head = f"POST /contact/ HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 100\r\n\r\n"
            visitor.sendall(head.encode())
            time.sleep(0.5)

        yield begin


def test_a_web_server_killed_during_a_slow_request_leaves_its_port_to_the_next(
    programs: Programs, slow_request: Callable[[str], None]
) -> None:
    make_shop()
    web = programs.start_web()
    slow_request(web.url)

    web.kill()

    wait_for(lambda: web.children() == [], seconds=5)
    again = programs.start_web(port=urlsplit(web.url).port or 0)
    assert requests.get(again.url, timeout=20).status_code == 200


def test_without_sharing_its_fate_the_slow_request_keeps_the_port(
    programs: Programs, slow_request: Callable[[str], None]
) -> None:
    web = programs.start_web(**{"shopfolio.tasks.management.commands.web.end_with_server": jobs.outlive})
    slow_request(web.url)

    web.kill()

    time.sleep(3)
    assert web.children() != []
