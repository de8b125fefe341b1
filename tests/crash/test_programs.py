"""The programs of the embedded and of the grown site, each a real process."""

import pytest
import requests
from django.test import override_settings

from shopfolio.core.models import Profile
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import enqueue
from tests.factories import make_shop
from tests.processes import Programs, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


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


def test_a_worker_does_what_another_process_enqueued(programs: Programs) -> None:
    worker = programs.start("worker")
    wait_for(lambda: len(worker.children()) >= 2)

    jobs = enqueue_mails(20)
    wait_for(lambda: done() == len(jobs))

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
