"""Asking once more who it is, before what cannot be taken back."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

SECRETS = ("password", "password1", "password2")


def ask_again(permission: str, *, only_to_act: bool = False) -> Callable[[Any], Any]:
    """For views of the back office that only this permission opens: others are refused without being asked.

    only_to_act: the page may be read without being asked.
    """

    def decorate(view: Any) -> Any:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            is_meant = request.method == "POST" or not only_to_act
            if is_meant and request.user.has_perm(permission):
                be_sure_first(request)
            return view(request, *args, **kwargs)

        return asked

    return decorate


def ask_first(view: Any) -> Any:
    """For views of an account that allauth lets everybody into who is logged in."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        be_sure_first(request)
        return view(request, *args, **kwargs)

    return asked


def be_sure_first(request: HttpRequest) -> None:
    """allauth keeps a form that was sent too late and sends it once the answer is right; a password in it is
    not kept, so that form comes back and asks for it."""
    sent = request.POST
    kept = sent.copy()
    for name in SECRETS:
        kept.pop(name, None)
    request.POST = kept  # type: ignore[assignment]
    be_sure(request)
    request.POST = sent


def was_sure_lately(request: HttpRequest) -> bool:
    """Whether this browser has shown once more who it is, however that was."""
    shown = [
        each["at"]
        for each in get_authentication_records(request, request.user)
        if each.get("reauthenticated")
    ]
    return bool(shown) and time.time() - shown[-1] < app_settings.REAUTHENTICATION_TIMEOUT


def has_shown_second_factor(request: HttpRequest) -> bool:
    """Whether this browser has, since it logged in."""
    shown = {record["method"] for record in get_authentication_records(request, request.user)}
    return "mfa" in shown and bool(is_mfa_enabled(request.user))


@reauthentication_required  # type: ignore[untyped-decorator]
def be_sure(request: HttpRequest) -> None:
    """Raises what allauth's middleware answers with its form."""
