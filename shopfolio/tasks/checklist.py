"""Whether mails go out, shown by one that does."""

from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from uuid_utils.compat import uuid7

from shopfolio import checklist
from shopfolio.attention import last_line
from shopfolio.checklist import State, Step
from shopfolio.tasks.emails import queue_mail
from shopfolio.tasks.models import Email, Job

KEY = "mail-test-"


def send_test_mail(user: Any) -> None:
    """To whoever asks, on the way that every mail takes."""
    queue_mail(
        "mail_test",
        key=f"{KEY}{uuid7()}",
        to=user.email,
        context={"site_url": settings.SITE_URL},
        language=user.language or settings.LANGUAGE_CODE,
    )


def look_at_mail(user: Any) -> State:
    mail = Email.objects.filter(key__startswith=KEY).order_by("-created").first()
    if mail is None:
        return State(is_done=False, words=_("Not tested yet.") if settings.EMAIL_URL else no_server())
    if mail.sent_at:
        words = {"at": date_format(localtime(mail.sent_at), "j F, H:i"), "to": mail.to}
        if not settings.EMAIL_URL:
            kept = _("Put into the folder on %(at)s. It reaches nobody until EMAIL_URL is set.")
            return State(is_done=False, words=kept % words)
        sent = _("The mail server took it on %(at)s. Look into the inbox of %(to)s, and into its spam.")
        return State(is_done=True, words=sent % words)
    return fate_of(mail)


def no_server() -> str:
    return _("EMAIL_URL is not set: mails are kept in a folder and reach nobody.")


def fate_of(mail: Email) -> State:
    """Of a mail that has not gone out."""
    job = Job.objects.filter(name="tasks.send_email", key=str(mail.pk)).first()
    if job is None or not job.last_error:
        return State(is_done=False, words=_("On its way …"), is_under_way=True)
    why = {"why": last_line(job.last_error)}
    if job.status == Job.Status.DEAD:
        return State(is_done=False, words=_("It could not be sent: %(why)s") % why)
    return State(is_done=False, words=_("It is tried again; the last time: %(why)s") % why, is_under_way=True)


checklist.register(
    Step(
        kind="mail",
        position=60,
        heading=gettext_lazy("Mail"),
        why=gettext_lazy("Buyers get their invoices by mail, and you hear of orders by mail."),
        look=look_at_mail,
        test=send_test_mail,
        button=gettext_lazy("Send me a test mail"),
    )
)
