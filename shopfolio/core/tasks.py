"""Jobs of the site."""

from datetime import timedelta

import structlog
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopfolio.core import pictures, search_index, services
from shopfolio.core.models import ContactMessage, CspReport, Subscriber
from shopfolio.core.models.search import heal, searchables
from shopfolio.lib.db import delete_in_batches
from shopfolio.tasks.outbox import job

log = structlog.get_logger(__name__)

DAY = 86_400


@job("core.heal_search", _("Check that the search finds everything"), external=True, every=DAY)
def heal_search() -> None:
    """Every night, and once after an upgrade: what changed behind the models' back is found as it is.

    In batches of their own, so that nobody else waits long for the database.
    """
    search_index.remove_strays()
    healed = {model._meta.label_lower: wrong for model in searchables() if (wrong := heal(model))}
    if healed:
        log.info("search index put right", pages=healed)


@job("core.make_pictures", _("Make a picture ready for pages"), external=True)
def make_pictures(*, model: str, field: str, path: str) -> None:
    pictures.make_pictures(model=model, field=field, path=path)


@job(
    "core.tend_pictures",
    _("Look after pictures, and delete those that nobody needs"),
    external=True,
    every=DAY,
)
def tend_pictures() -> None:
    pictures.tend_pictures()


@job("core.call_for_attention", _("Write to you that something needs you"))
def call_for_attention(*, kind: str) -> None:
    services.call_for_attention(kind)


@job("core.subscribe", _("Ask somebody whether they want the newsletter"), forgets=True)
def subscribe(*, email: str) -> None:
    services.subscribe(email)


KEPT: dict[str, timedelta] = {
    "spam": timedelta(days=30),
    "messages": timedelta(days=365),
    "never confirmed": timedelta(days=30),
    "csp reports": timedelta(days=30),
    "history": timedelta(days=365),
}
"""How long somebody's data is kept here. What the owner has not looked at yet is never forgotten."""


@job("core.forget", _("Forget old messages and whoever never confirmed"), external=True, every=DAY)
def forget() -> None:
    """Every night: what is kept no longer, because nobody needs it any more."""
    now = timezone.now()
    messages, status = ContactMessage.objects, ContactMessage.Status
    delete_in_batches(messages.filter(status=status.SPAM, created__lt=now - KEPT["spam"]))
    seen = messages.filter(status__in=[status.READ, status.ANSWERED])
    delete_in_batches(seen.filter(created__lt=now - KEPT["messages"]))
    pending = Subscriber.objects.filter(status=Subscriber.Status.PENDING)
    delete_in_batches(pending.filter(modified__lt=now - KEPT["never confirmed"]))
    delete_in_batches(CspReport.objects.filter(modified__lt=now - KEPT["csp reports"]))
    delete_in_batches(LogEntry.objects.filter(action_time__lt=now - KEPT["history"]))
    delete_in_batches(Session.objects.filter(expire_date__lt=now))
