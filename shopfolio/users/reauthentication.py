"""Asking once more who it is, before what cannot be taken back."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

SECRETS = ("password", "password1", "password2")


def ask_again(permission: str, *, only_to_act: bool = False) -> Callable[[Any], Any]:
    """For views of the back office that only this permission opens: others are refused without being asked.

    allauth keeps a form that was sent too late and sends it once the answer is right; a password in it is not
    kept, so that form comes back and asks for it.
    only_to_act: the page may be read without being asked.
    """

    def decorate(view: Any) -> Any:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            is_meant = request.method == "POST" or not only_to_act
            if is_meant and request.user.has_perm(permission):
                sent = request.POST
                kept = sent.copy()
                for name in SECRETS:
                    kept.pop(name, None)
                request.POST = kept  # type: ignore[assignment]
                be_sure(request)
                request.POST = sent
            return view(request, *args, **kwargs)

        return asked

    return decorate


def has_shown_second_factor(request: HttpRequest) -> bool:
    """Whether this browser has, since it logged in."""
    shown = {record["method"] for record in get_authentication_records(request, request.user)}
    return "mfa" in shown and bool(is_mfa_enabled(request.user))


@reauthentication_required  # type: ignore[untyped-decorator]
def be_sure(request: HttpRequest) -> None:
    """Raises what allauth's middleware answers with its form."""
