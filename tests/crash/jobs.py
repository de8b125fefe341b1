"""Jobs and a mail server of the tests, which the warm process knows beside our own."""

import email
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from shopfolio.ecommerce.services import stock
from shopfolio.tasks.emails import FolderBackend
from shopfolio.tasks.models import Email
from shopfolio.tasks.outbox import enqueue, job


@job("tests.receive")
def receive(*, shelves: list[str], note: str) -> None:
    """Puts a piece on each of two shelves and dawdles between them: half of it would show."""
    for shelf in shelves:
        stock.receive(UUID(shelf), 1, note=note)
        time.sleep(0.005)


@job("tests.write_down", external=True)
def write_down(*, path: str, line: str, seconds: float = 0) -> None:
    """Leaves a line in a file when it begins and another one when it ends."""
    append(Path(path), f"begin {line}")
    time.sleep(seconds)
    append(Path(path), f"end {line}")


def poison(name: str, act: Callable[[], object]) -> None:
    """A job that does the same harm each time, until a file says that somebody has cured it."""

    @job(name, external=True)
    def harm(*, cure: str) -> None:
        if not Path(cure).exists():
            act()


poison("tests.raises", lambda: 1 // 0)
poison("tests.kills", lambda: os.kill(os.getpid(), signal.SIGKILL))
poison("tests.exits", lambda: os._exit(1))
poison("tests.dawdles", lambda: time.sleep(3600))


def no_pause(attempts: int) -> timedelta:
    return timedelta()


def outlive(server: Any, worker: Any) -> None:
    """In the place of `end_with_server`."""


def enqueue_jobs(shelves: list[str], count: int) -> None:
    """As a web server would, each in a transaction of its own: half of them mails."""
    for number in range(count // 2):
        enqueue("tests.receive", key=str(number), shelves=shelves, note=str(number))
        enqueue_mail(number)


def enqueue_mails(count: int, every: float, path: str, early: int = 0, signal_file: str = "") -> None:
    """One after the other. path: gets the seconds that each transaction and its bell took, a line each.

    With `signal_file`, the first `early` at once and the rest when that file is there.
    """
    for number in range(count):
        while signal_file and number >= early and not Path(signal_file).exists():
            time.sleep(0.02)
        began = time.monotonic()
        enqueue_mail(number)
        append(Path(path), str(time.monotonic() - began))
        time.sleep(every)


def enqueue_mail(number: int) -> None:
    with transaction.atomic():
        mail = Email.objects.create(
            key=str(number), to="ada@example.org", subject=f"Mail {number}", message_id=f"<{number}@test>"
        )
        enqueue("tasks.send_email", key=str(mail.pk), email_id=str(mail.pk))


class SlowMailServer(FolderBackend):
    """Keeps mails as the folder does, and answers late: the mail is out, and the worker does not know."""

    def send_messages(self, email_messages: Any) -> int:
        sent = super().send_messages(email_messages)
        time.sleep(0.02)
        return sent


def append(path: Path, line: str) -> None:
    """In one write, so that lines of two processes never mix."""
    with path.open("a") as file:
        file.write(f"{line}\n")


def mails_sent() -> list[str]:
    """The Message-ID of every mail that went out, as often as it did."""
    mails = [email.message_from_bytes(path.read_bytes()) for path in settings.MAIL_DIR.glob("*.eml")]
    return [mail["Message-ID"] for mail in mails]
