"""A mail server that is not there, or takes the call and says nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from shopfolio.attention import last_line
from shopfolio.tasks import emails, outbox
from shopfolio.tasks.emails import queue_mail, watch_mail
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

MAILS = 20


class Listener:
    """Counts who calls; answers nobody until `listener.close()`, after which nobody is there."""

    def __init__(self) -> None:
        self.calls = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        while True:
            try:
                call, _address = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            self._open.append(call)

    def close(self) -> None:
        with suppress(OSError):  # closed before
            self._socket.shutdown(socket.SHUT_RDWR)  # closing alone leaves it to the thread that listens
        self._socket.close()
        for call in self._open:
            call.close()


@pytest.fixture
def silent_server(settings: Any) -> Iterator[Listener]:
    listener = Listener()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", listener.port, 0.2
    yield listener
    listener.close()


def queue_some() -> list[Email]:
    return [
        queue_mail(
            "mail_test", key=f"mail-{n}", to="ana@example.org", context={"site_url": "https://a.example"}
        )
        for n in range(MAILS)
    ]


def states() -> set[tuple[str, int, str]]:
    return set(Job.objects.values_list("status", "attempts", "waits_for"))


def test_a_silent_server_costs_one_worker_one_call_and_no_mail_a_try(silent_server: Listener) -> None:
    """Twenty mails that each wait for it would keep both workers for minutes."""
    queue_some()

    run_due_jobs()

    assert silent_server.calls == 1
    assert states() == {("due", 0, "mail")}
    assert set(Email.objects.exclude(status="sending").values_list("status", flat=True)) == {"queued"}


def test_one_mail_asks_for_all_and_another_one_the_next_time(
    silent_server: Listener, monkeypatch: Any
) -> None:
    queue_some()
    run_due_jobs()
    asked = []
    send = emails.send

    def noted(*, email_id: str) -> None:
        asked.append(email_id)
        send(email_id=email_id)

    monkeypatch.setattr(emails, "send", noted)

    for _ in range(3):
        watch_mail()

    assert (len(asked), len(set(asked)), silent_server.calls) == (3, 3, 4)
    assert states() == {("due", 0, "mail")}


def test_once_it_answers_all_mails_go_out_once(silent_server: Listener, settings: Any) -> None:
    queue_some()
    run_due_jobs()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    watch_mail()
    run_due_jobs()

    assert len(mail.outbox) == MAILS
    assert set(Email.objects.values_list("status", flat=True)) == {"sent"}
    assert states() == {("done", 1, "")}


def test_a_server_that_is_not_there_is_away_too(silent_server: Listener) -> None:
    silent_server.close()
    queue_some()

    run_due_jobs()

    assert states() == {("due", 0, "mail")}
    words = {last_line(error) for error in Job.objects.values_list("last_error", flat=True)}
    assert words == {
        "MailServerAway: ConnectionRefusedError: [Errno 111] Connection refused",
        "MailServerAway: The mail server is away.",
    }


def test_without_the_rule_every_mail_calls(silent_server: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emails, "refuse_while_away", lambda *args, **options: None)
    queue_some()

    run_due_jobs()

    assert silent_server.calls == MAILS


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (SMTPServerDisconnected("Connection unexpectedly closed"), ("due", 0, "mail")),
        (SMTPRecipientsRefused({"ana@example.org": (550, b"no such user")}), ("due", 1, "")),
        (FileNotFoundError("an attachment"), ("due", 1, "")),
    ],
)
def test_only_a_server_that_cannot_be_reached_is_away(
    monkeypatch: pytest.MonkeyPatch, error: Exception, state: tuple[str, int, str]
) -> None:
    def fail(*args: Any) -> None:
        raise error

    queue_mail("mail_test", key="mail", to="ana@example.org", context={"site_url": "https://a.example"})
    monkeypatch.setattr(emails.EmailMultiAlternatives, "send", fail)

    run_due_jobs()

    assert states() == {state}


def test_the_server_is_tried_every_thirty_seconds_while_a_mail_waits(silent_server: Listener) -> None:
    assert outbox.schedule()["tasks.watch_mail"]["schedule"] == 30
    outbox.tick("tasks.watch_mail", 30)
    assert not Job.objects.exists()

    queue_some()
    run_due_jobs()
    outbox.tick("tasks.watch_mail", 30)

    assert Job.objects.filter(name="tasks.watch_mail").count() == 1


def test_after_a_week_a_mail_that_never_went_is_given_up_like_any_other(silent_server: Listener) -> None:
    queue_some()
    Job.objects.update(created=timezone.now() - timedelta(days=7, minutes=1), attempts=9)

    run_due_jobs()

    assert set(Job.objects.filter(name="tasks.send_email").values_list("status", "attempts")) == {
        ("dead", 10)
    }
