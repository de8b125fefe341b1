"""Mail: rendered once into a row, sent by a job, kept for the owner to read."""

import re
import socket
import ssl
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from functools import cache
from pathlib import Path
from smtplib import SMTPConnectError, SMTPServerDisconnected
from typing import Any

import css_inline
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.storage import storages
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.template import Context, Engine
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from uuid_utils.compat import uuid7

from shopfolio.lib.colours import shades
from shopfolio.lib.db import delete_in_batches, refuse_in_transaction
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import Away, enqueue, job, let_one_ask, refuse_while_away, waiting

LINE = 72
"""Letters in a line of text."""

Attachment = dict[str, str]
"""`name`, `type` (MIME), and either `path` in the private storage or its `text`."""


def queue_mail(
    template: str,
    *,
    key: str,
    to: str,
    context: dict[str, Any],
    language: str = "en",
    from_name: str = "",
    reply_to: str = "",
    attachments: list[Attachment] | None = None,
    headers: dict[str, str] | None = None,
    is_secret: bool = False,
) -> Email:
    """Write a mail in the caller's transaction; a job sends it. The same key gives the first one again.

    template: the folder in templates/emails/ that holds subject.txt, body.txt and body.html.
    is_secret: what it says lets somebody in, so that nobody else should read it; the subject must not.
    Raises ValidationError when an address is none: what looks like two, or like a header, goes nowhere.
    """
    if found := Email.objects.filter(key=key).first():
        return found
    for address in (to, reply_to) if reply_to else (to,):
        validate_email(address)
    with translation.override(language):
        subject, text, html = render_mail(template, context)
    email, created = Email.objects.get_or_create(
        key=key,
        defaults={
            "to": to, "from_name": one_line(from_name)[:120], "reply_to": reply_to,
            "subject": subject, "text": text, "html": html,
            "headers": headers or {}, "attachments": attachments or [], "is_secret": is_secret,
            "message_id": f"<{uuid7()}@{settings.SITE_HOST}>",
        },
    )  # fmt: skip
    if created:
        enqueue("tasks.send_email", key=str(email.pk), email_id=str(email.pk))
    return email


def render_mail(template: str, context: dict[str, Any]) -> tuple[str, str, str]:
    """Subject in one line, text, and HTML with the stylesheet put into its elements."""
    subject = one_line(render(f"emails/{template}/subject.txt", context))
    text = tidy(render(f"emails/{template}/body.txt", context))
    accent = render("emails/includes/accent.txt", {})
    return subject, text, inliner(accent).inline(render(f"emails/{template}/body.html", context))


def render(name: str, context: dict[str, Any]) -> str:
    """In a .txt nothing is escaped: an apostrophe is an apostrophe."""
    escapes = not name.endswith(".txt")
    return str(Engine.get_default().get_template(name).render(Context(context, autoescape=escapes)))


def one_line(text: str) -> str:
    """Without line breaks, which could begin another header, and without signs that no one sees."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())[:255].strip()


def tidy(text: str) -> str:
    """Text as a person would have typed it: lines that end in time, never two empty ones in a row."""
    lines = "\n".join(wrapped(line.rstrip()) for line in text.replace("\x00", "").splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def wrapped(line: str) -> str:
    """Addresses stay whole, and quoted lines keep their mark."""
    if line.startswith(">"):
        return line
    return textwrap.fill(line, LINE, break_long_words=False, break_on_hyphens=False)


ACCENT_ON_PAPER, ACCENT_IN_THE_DARK = "#1e3fb4", "#a9bcff"
"""Of email.css: read as text on paper, and with paper's colour as text on them."""


@cache
def inliner(accent: str) -> css_inline.CSSInliner:
    """Puts the stylesheet into the elements; its @media rules stay a <style> for those that read one.

    accent: the owner's, six digits; empty: the stylesheet's own.
    """
    stylesheet = Path(str(finders.find("shopfolio/email.css"))).read_text(encoding="utf-8")
    if accent:
        own = shades(f"#{accent}")
        stylesheet = stylesheet.replace(ACCENT_ON_PAPER, own.light).replace(ACCENT_IN_THE_DARK, own.dark)
    return css_inline.CSSInliner(extra_css=stylesheet, load_remote_stylesheets=False, keep_at_rules=True)


class MailServerAway(Away):
    """The mail server cannot be reached, or stays silent: no fault of the mail."""

    who = "mail"


UNREACHED = (
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    ssl.SSLError,
    SMTPConnectError,
    SMTPServerDisconnected,
)


@job("tasks.send_email", gettext_lazy("Send a mail"), external=True)
def send_email(*, email_id: str) -> None:
    """Send a queued mail, unless the server is known to be away."""
    away = MailServerAway("The mail server is away.")
    refuse_while_away("tasks.send_email", away, has_answered=has_taken_one)
    send(email_id=email_id)


def has_taken_one(since: datetime) -> bool:
    return Email.objects.filter(sent_at__gt=since).exists()


@job(
    "tasks.watch_mail",
    gettext_lazy("Try whether the mail server answers again"),
    external=True,
    every=30,
    when=lambda: waiting("tasks.send_email", "mail").exists(),
)
def watch_mail() -> None:
    """While mails wait for the server, the one that has waited longest asks for all."""
    let_one_ask("tasks.send_email", send, away=MailServerAway)


def send(*, email_id: str) -> None:
    """A crash after the server took it may send it twice, with one Message-ID. Raises MailServerAway."""
    email = Email.objects.get(pk=email_id)
    if email.status == Email.Status.SENT:
        return
    refuse_in_transaction("mail")
    Email.objects.filter(pk=email.pk).update(status=Email.Status.SENDING, modified=timezone.now())
    message = build_message(email)
    try:
        message.send()
    except UNREACHED as error:
        raise MailServerAway(f"{type(error).__name__}: {error}") from error
    now = timezone.now()
    # Without a mail server the back office is where the owner reads them.
    forgotten = {"text": "", "html": ""} if email.is_secret and settings.EMAIL_URL else {}
    Email.objects.filter(pk=email.pk).update(status=Email.Status.SENT, sent_at=now, modified=now, **forgotten)


def build_message(email: Email) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=email.subject,
        body=email.text,
        from_email=sender(email.from_name),
        to=[email.to],
        reply_to=[email.reply_to] if email.reply_to else None,
        headers={"Message-ID": email.message_id, "Auto-Submitted": "auto-generated", **email.headers},
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    for attachment in email.attachments:
        message.attach(attachment["name"], content_of(attachment), attachment["type"])
    return message


def content_of(attachment: Attachment) -> str | bytes:
    if "text" in attachment:
        return attachment["text"]
    with storages["private"].open(attachment["path"]) as file:
        return bytes(file.read())


@dataclass(frozen=True)
class Delivery:
    """How far a mail has come, in words."""

    text: str
    at: datetime | None = None
    has_failed: bool = False


def delivery_of(mails: Sequence[Email | None]) -> list[Delivery]:
    """One query, however many. None: a mail that is no longer kept."""
    waiting = [str(mail.pk) for mail in mails if mail and mail.status != Email.Status.SENT]
    jobs = Job.objects.filter(name="tasks.send_email", key__in=waiting) if waiting else []
    given_up = {job.key for job in jobs if job.status == Job.Status.DEAD}
    tried = {job.key for job in jobs if job.last_error}
    return [how_far(mail, given_up, tried) for mail in mails]


def how_far(mail: Email | None, given_up: set[str], tried: set[str]) -> Delivery:
    if mail is None or mail.status == Email.Status.SENT:
        return Delivery(_("Sent"), at=mail.sent_at if mail else None)
    if str(mail.pk) in given_up:
        return Delivery(_("Could not be sent"), has_failed=True)
    if str(mail.pk) in tried:
        return Delivery(_("Not sent yet; it is tried again"), has_failed=True)
    return Delivery(_("On its way"))


def sender(name: str) -> str:
    """The site's address under its owner's name, unless DEFAULT_FROM_EMAIL has a name of its own."""
    own_name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((own_name or name, address))


class FolderBackend(BaseEmailBackend):
    """Keeps each mail as an .eml file in DATA_DIR/mail, for a site that has no mail server yet."""

    def send_messages(self, email_messages: Any) -> int:
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{timezone.now():%Y%m%d-%H%M%S}-{uuid7()}.eml"
            draft = settings.MAIL_DIR / f"{name}.part"  # nobody lists half a mail
            draft.write_bytes(message.message().as_bytes())
            draft.rename(settings.MAIL_DIR / name)
        return len(email_messages)


def delete_mails(mails: QuerySet[Email]) -> None:
    """What was sent or given up; what is on its way still arrives."""
    unsent = [str(key) for key in mails.exclude(status=Email.Status.SENT).values_list("pk", flat=True)]
    jobs = Job.objects.filter(name="tasks.send_email", key__in=unsent)
    on_their_way = list(jobs.filter(status=Job.Status.DUE).values_list("key", flat=True))
    jobs.filter(status=Job.Status.DEAD).delete()
    mails.exclude(pk__in=on_their_way).delete()


TEXTS_LIVE = timedelta(days=90)
MAILS_LIVE = timedelta(days=730)


@job("tasks.forget_mails", gettext_lazy("Forget what old mails said"), external=True, every=86_400)
def forget_mails() -> None:
    """Every night: what mails said that went out long ago, then that they did. What waits or failed stays."""
    now, sent = timezone.now(), Email.objects.filter(status=Email.Status.SENT)
    sent.filter(sent_at__lt=now - TEXTS_LIVE).exclude(text="").update(
        text="", html="", reply_to="", headers={}, attachments=[], modified=now
    )
    delete_in_batches(sent.filter(sent_at__lt=now - MAILS_LIVE))
    for file in settings.MAIL_DIR.glob("*.eml"):
        if file.stat().st_mtime < (now - TEXTS_LIVE).timestamp():
            file.unlink(missing_ok=True)
