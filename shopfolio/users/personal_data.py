"""What the site knows of somebody: taken along as a ZIP, and erased. Upper apps add theirs in ready().

personal_data.add(Holder(export=…, erase=…, why_not_yet=…))
"""

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shopfolio.lib.locales import format_day
from shopfolio.tasks.emails import delete_mails
from shopfolio.tasks.models import Email
from shopfolio.tasks.outbox import enqueue
from shopfolio.users import audit, mails
from shopfolio.users.models import CustomUser

GRACE = timedelta(days=14)
"""Between the wish to be erased and its being done: for who changes their mind, or did not wish it."""

Files = Iterator[tuple[str, Any]]
"""Names in the ZIP, with bytes, or what becomes JSON."""


@dataclass(frozen=True)
class Holder:
    """One who knows something of people."""

    export: Callable[[CustomUser], Files]
    erase: Callable[[CustomUser], None]
    """Within a transaction, so it only touches the database."""
    why_not_yet: Callable[[CustomUser], str] = lambda person: ""
    """A sentence for them to read, while something is still under way."""


_holders: list[Holder] = []


def add(holder: Holder) -> None:
    _holders.append(holder)


def pack(person: CustomUser) -> Any:
    """An open file: the ZIP with everything."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # whoever answers with it closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for holder in _holders:
            for name, content in holder.export(person):
                archive.writestr(name, content if isinstance(content, bytes) else as_json(content))
    file.seek(0)
    return file


def as_json(content: Any) -> str:
    return json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def rows(found: Iterable[Any], *fields: str) -> list[dict[str, Any]]:
    """What a file says of some rows."""
    return [{name: getattr(row, name) for name in fields} for row in found]


def why_not(person: CustomUser) -> str:
    """Why somebody cannot be erased now, or nothing."""
    return next(filter(None, (holder.why_not_yet(person) for holder in _holders)), "")


@transaction.atomic
def plan_erasure(person: CustomUser) -> None:
    """Safe to call again: the first wish counts."""
    due = timezone.now() + GRACE
    if CustomUser.objects.filter(pk=person.pk, erase_at=None).update(erase_at=due, modified=timezone.now()):
        day = format_day(timezone.localdate(due), person.language or "en")
        mails.send("erasure_planned", to=person.email, context={"day": day})


@transaction.atomic
def call_off_erasure(person: CustomUser) -> None:
    """Safe to call again."""
    if CustomUser.objects.filter(pk=person.pk).exclude(erase_at=None).update(erase_at=None):
        mails.send("erasure_called_off", to=person.email)


def erase(person_id: Any) -> None:
    """All that may go, if it is still wished and due; needs a transaction around it. Safe to call again."""
    due = CustomUser.objects.select_for_update().filter(pk=person_id, erase_at__lte=timezone.now())
    person = due.first()
    if person is None or why_not(person):
        return
    for holder in reversed(_holders):
        holder.erase(person)
    audit.record("erase", by=None, about=person_id)
    mails.send("erased", to=person.email)
    person.delete()


def own_files(person: CustomUser) -> Files:
    fields = ("email", "first_name", "last_name", "company", "phone", "language", "date_joined", "last_login")
    yield "profile.json", rows([person], *fields)[0] | {"confirmed_addresses": person.verified_addresses()}
    if picture := person.avatar.name:
        yield f"picture.{picture.rpartition('.')[2]}", person.avatar.read()
    yield "browsers.json", rows(UserSession.objects.filter(user=person), "created_at", "ip", "user_agent")
    yield "second_factors.json", [described(each) for each in Authenticator.objects.filter(user=person)]
    if settings.SOCIAL_LOGIN:
        yield "accounts_elsewhere.json", accounts_elsewhere(person)
    yield "mails.json", rows(mails_to(person).filter(is_secret=False), "created", "to", "subject", "text")


def described(factor: Authenticator) -> dict[str, Any]:
    """A second factor without its secret: a passkey by the name that its owner gave it."""
    is_passkey = factor.type == Authenticator.Type.WEBAUTHN
    name = factor.wrap().name if is_passkey else str(factor.get_type_display())
    return {"name": name} | rows([factor], "created_at", "last_used_at")[0]


def accounts_elsewhere(person: CustomUser) -> list[dict[str, Any]]:
    from allauth.socialaccount.models import SocialAccount  # installed only where SOCIAL_LOGIN says so

    told = ("provider", "uid", "date_joined", "last_login", "extra_data")
    return rows(SocialAccount.objects.filter(user=person), *told)


def mails_to(person: CustomUser) -> Any:
    theirs = Q(pk=None)
    for address in person.verified_addresses():
        theirs |= Q(to__iexact=address)
    return Email.objects.filter(theirs)


def nameless_in_history(found: QuerySet[Any]) -> None:
    """The history of some rows in the back office goes on without what they were called."""
    kind = ContentType.objects.get_for_model(found.model)
    keys = [str(key) for key in found.values_list("pk", flat=True)]
    LogEntry.objects.filter(content_type=kind, object_id__in=keys).update(object_repr="")


def erase_own(person: CustomUser) -> None:
    nameless_in_history(CustomUser.objects.filter(pk=person.pk))
    delete_mails(mails_to(person))
    for session in UserSession.objects.filter(user=person):
        session.end()
    if picture := person.avatar.name:
        enqueue("users.delete_picture", key=picture, path=picture)


def staff_stay(person: CustomUser) -> str:
    return _("You work here. Ask an owner to end that first.") if person.is_staff else ""
