import secrets
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from uuid_utils.compat import uuid7

from shopfolio import attention
from shopfolio.core.models import ContactMessage, ContactReply, DemoRow, Policy, Profile, Subscriber
from shopfolio.core.page_cache import generation
from shopfolio.lib.http import absolute, absolute_url
from shopfolio.tasks.emails import queue_mail
from shopfolio.tasks.outbox import NOTICE, enqueue
from shopfolio.users.limits import may_be_mailed
from shopfolio.users.models import CustomUser

SITE_LIVES = 10
"""Seconds; with whole_pages.LIVES a minute until a change made past the admin shows."""


BETWEEN_CONFIRMATIONS = timedelta(hours=1)
CONFIRMATION_LIVES = timedelta(days=7)


@dataclass(frozen=True)
class Site:
    """What every page shows: its owner, and the policies linked at the foot."""

    profile: Profile
    policies: list[Policy]
    is_demo: bool = False


_kept = threading.local()


def site() -> Site:
    now, current = time.monotonic(), generation()
    kept = getattr(_kept, "entry", None)
    if kept and kept[0] == current and kept[1] > now:
        return kept[2]  # type: ignore[no-any-return]
    policies = list(Policy.objects.live().only("title", "slug"))
    fresh = Site(profile=Profile.load(), policies=policies, is_demo=DemoRow.objects.loaded().exists())
    _kept.entry = (current, now + SITE_LIVES, fresh)
    return fresh


def forget_site() -> None:
    _kept.entry = None


def owners_address() -> str:
    """Where the site writes to its owner; empty while there is nobody."""
    return site().profile.email or CustomUser.owners().values_list("email", flat=True).first() or ""


@transaction.atomic
def receive_message(message: ContactMessage) -> None:
    """Keep a visitor's message and tell the owner; what looks like spam is kept without a word."""
    message.save()
    owner = owners_address()
    if owner and message.status != ContactMessage.Status.SPAM:
        queue_mail(
            "contact_message",
            key=f"contact-{message.pk}",
            to=owner,
            from_name=site().profile.name,
            reply_to=message.email,
            context={"message": message, "site": site()},
            language=site().profile.language,
        )


@transaction.atomic
def answer_message(message: ContactMessage, *, text: str, by: Any, wish: UUID) -> ContactReply:
    """Mail the reply to who wrote, keep it, and call the message answered.

    wish: names this one reply, so that sending the form twice is one.
    Raises ValidationError where the message came from no address.
    """
    columns = {"message": message, "text": text, "by": by}
    reply, is_new = ContactReply.objects.get_or_create(pk=wish, defaults=columns)
    if not is_new:
        return reply
    reply.email = queue_mail(
        "contact_reply",
        key=f"contact-reply-{reply.pk}",
        to=message.email,
        from_name=site().profile.name,
        reply_to=owners_address(),
        context={"message": message, "reply": reply, "site": site()},
        language=site().profile.language,
        headers={"Auto-Submitted": "no"},  # a person wrote it: "I am away" may be answered to it
    )
    reply.save(update_fields=["email"])
    status = ContactMessage.Status.ANSWERED
    ContactMessage.objects.filter(pk=message.pk).update(status=status, modified=timezone.now())
    return reply


@transaction.atomic
def call_for_attention(kind: str) -> None:
    """Write that something waits for the owner, unless it no longer does; once a day and kind at most."""
    owner, language = owners_address(), site().profile.language
    with translation.override(language):
        group = attention.look_at(attention.CHECKS[kind])
    if not owner or not group.total:
        return
    queue_mail(
        "needs_you",
        key=f"{NOTICE}{kind}-{timezone.now().date()}",
        to=owner,
        from_name=site().profile.name,
        context={"group": group, "page_url": absolute(reverse("admin:attention")), "site": site()},
        language=language,
    )


def ask_for_newsletter(email: str) -> None:
    """Promise to subscribe an address: neither the answer nor its time tells what the job finds.

    email: in lower case.
    """
    enqueue("core.subscribe", key=str(uuid7()), email=email)


@transaction.atomic
def subscribe(email: str) -> None:
    """Ask an address whether it wants the newsletter; at most once an hour, and not when it has it.

    email: in lower case.
    """
    subscriber, _created = Subscriber.objects.select_for_update().get_or_create(email=email)
    now = timezone.now()
    asked_lately = subscriber.token_made_at and subscriber.token_made_at > now - BETWEEN_CONFIRMATIONS
    if asked_lately or subscriber.status == Subscriber.Status.CONFIRMED or not may_be_mailed(email):
        return
    token = secrets.token_urlsafe(32)
    subscriber.token_hash, subscriber.token_made_at = Subscriber.hash_of(token), now
    subscriber.save(update_fields=["token_hash", "token_made_at"])
    queue_mail(
        "newsletter_confirm",
        key=f"newsletter-{subscriber.token_hash}",
        to=email,
        from_name=site().profile.name,
        context={"confirm_url": absolute_url("core:newsletter_confirm", token=token), "site": site()},
        language=site().profile.language,
    )


def subscribe_at_once(email: str) -> None:
    """For an address that is shown to be of whoever asks. Safe to call again.

    email: in lower case.
    """
    subscriber, _created = Subscriber.objects.get_or_create(email__iexact=email, defaults={"email": email})
    now, status = timezone.now(), Subscriber.Status.CONFIRMED
    missing = Subscriber.objects.filter(pk=subscriber.pk).exclude(status=status)
    missing.update(status=status, token_hash="", confirmed_at=now, left_at=None, modified=now)


def awaits_confirmation(token: str) -> bool:
    fresh = timezone.now() - CONFIRMATION_LIVES
    return Subscriber.objects.by_mailed_token(token).filter(token_made_at__gt=fresh).exists()


def confirm_subscription(token: str) -> bool:
    """Whether this call confirmed it: a mailed token works once, and for a week."""
    now = timezone.now()
    waiting = Subscriber.objects.by_mailed_token(token).filter(token_made_at__gt=now - CONFIRMATION_LIVES)
    status = Subscriber.Status.CONFIRMED
    return bool(waiting.update(status=status, token_hash="", confirmed_at=now, left_at=None, modified=now))


def unsubscribe(subscriber: Subscriber) -> None:
    """Safe to call again: the first leaving counts."""
    now = timezone.now()
    staying = Subscriber.objects.filter(pk=subscriber.pk).exclude(status=Subscriber.Status.LEFT)
    staying.update(status=Subscriber.Status.LEFT, token_hash="", left_at=now, modified=now)
