"""What staff did, for whoever must find out later: written once, and never changed.

audit.record("refund", by=request.user, about=order, note="12.00 EUR")
"""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as second_factor
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from shopfolio.tasks.outbox import enqueue
from shopfolio.users.limits import pseudonym
from shopfolio.users.models import AuditEntry, CustomUser

ACTIONS: dict[str, Any] = {
    "login": _("Came in"),
    "login-refused": _("Was refused"),
    "password": _("Changed a password"),
    "second-factor": _("Changed a second factor"),
    "user": _("Changed a user"),
    "erase": _("Erased somebody’s data"),
    "export": _("Took data away"),
}
"""Upper apps add theirs."""


def record(action: str, *, by: CustomUser | None, about: Any = "", note: str = "") -> None:
    """by: None is the server itself. note: never a secret."""
    if action not in ACTIONS:
        raise ValueError(action)
    AuditEntry.objects.create(
        action=action,
        by=by,
        who=by.email if by else "",
        role=by.roles_shown if by else "",
        about=name_of(about)[:200],
        note=note[:500],
    )


def name_of(about: Any) -> str:
    """Buyers by their key alone: what is written here outlives their account."""
    is_buyer = isinstance(about, CustomUser) and not about.is_staff
    return str(about.pk if is_buyer else about)


def record_of_staff(action: str, user: CustomUser, note: str = "") -> None:
    """What buyers do with their own accounts is nobody's business here."""
    if user.is_staff:
        record(action, by=user, about=user, note=note)


def refuse_login(address: str) -> None:
    """A job looks whether it is of staff, so that nobody can tell by the time that the answer takes.

    What was typed is not kept, for it may be anything, a password too.
    """
    enqueue("users.note_refused_login", key=str(uuid7()), who=pseudonym("audit", address))


def note_refused_login(who: str) -> None:
    for user in CustomUser.objects.filter(is_staff=True):
        if pseudonym("audit", user.email) == who:
            record("login-refused", by=None, about=user, note="password")


def listen() -> None:
    """To the libraries: each tells the same thing at every door."""

    def hear(signal: Any, action: str, note: str) -> None:
        def heard(user: CustomUser, **kwargs: Any) -> None:
            factor = kwargs.get("authenticator")
            record_of_staff(action, user, f"{note} {factor.type}" if factor else note)

        signal.connect(heard, weak=False, dispatch_uid=f"shopfolio.users.audit.{action}.{note}")

    hear(user_logged_in, "login", "")
    hear(account.password_changed, "password", "own, changed")
    hear(account.password_set, "password", "own, set")
    hear(second_factor.authenticator_added, "second-factor", "own, added")
    hear(second_factor.authenticator_removed, "second-factor", "own, removed")
    hear(second_factor.authenticator_reset, "second-factor", "own, made anew")
    hear(second_factor.authentication_failed, "login-refused", "second factor,")
