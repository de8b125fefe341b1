from collections.abc import Callable
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core import context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shopfolio.lib.http import is_own_address, visitors_address
from shopfolio.lib.mailboxes import mailbox
from shopfolio.users import audit, mails
from shopfolio.users.browsers import browser_name
from shopfolio.users.codes import ASKED, MailedCode
from shopfolio.users.limits import MINUTE, Limits
from shopfolio.users.reauthentication import was_sure_lately

log = structlog.get_logger(__name__)

PASSWORDS = Limits("account/password", per_address={5 * MINUTE: 5})
"""Wrong passwords for one address, wherever they come from. A longer limit would lock its owner out, too."""

ARRIVALS: list[Callable[[HttpRequest, HttpResponse, Any], None]] = []
"""What upper apps do with request, answer and user at a login. They add theirs in AppConfig.ready()."""

DEPARTURES: list[Callable[[HttpResponse], None]] = []
"""What upper apps do with the answer at a logout, so that the next person at this browser finds nothing."""

SESSIONS = 20
"""So many at once have one person's browsers; allauth looks at each of them at every login."""

OTHERS = {"account_already_exists": "exists", "unknown_account": "unknown"}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "duplicate_email": _("This is your address already."),
        "email_password_mismatch": _("This address and this password do not go together."),
        "enter_current_password": _("This is not the password that you have now."),
        "incorrect_code": _("This is not the code from the latest mail."),
        "incorrect_password": _("This is not your password."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """For the list of sessions."""
        return visitors_address(request) or "0.0.0.0"  # noqa: S104  # behind a socket file nobody has one

    def is_safe_url(self, url: str) -> bool:
        return is_own_address(url)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_security")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        return reverse("account_security")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has neither password nor second factor is mailed a code."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and not methods:
            methods = [{"id": "mail", "description": "", "url": reverse("account_confirm_by_mail")}]
        return methods

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """allauth itself asks nothing of who has neither."""
        is_required: bool = super().is_reauthentication_required(app=app, **kwargs)
        request = context.request
        if is_required and not get_reauthentication_flows(request.user) and not was_sure_lately(request):
            raise ReauthenticationRequired
        return is_required

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth's mails are rows of the outbox, in our words: a code, or word of a change.

        What goes to an address that was only typed counts as our own codes do, whether or not it is known.
        """
        name = template_prefix.rpartition("/")[2]
        is_code = name.startswith("email_confirmation")
        if is_code or name in OTHERS:
            ASKED.count(self.request, address=mailbox(email))
        if is_code:
            mails.send("code", to=email, context={"code": context["code"], "purpose": "verify"})
        elif name in OTHERS:
            mails.send(OTHERS[name], to=email)
        else:
            mails.send("changed", to=email, context={"what": name, "to_email": context.get("to_email")})

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counted before the password is looked at, so that guesses sent at once count too."""
        PASSWORDS.count(address=credentials["email"])

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user:
            PASSWORDS.give_back(address=credentials["email"])
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        log.warning("password refused")
        audit.refuse_login(credentials["email"])

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        log.info("logged in", user_id=str(user.pk))
        MailedCode.forget(request)  # another way in was quicker, and its session lives longer
        end_oldest_sessions(user)
        response = super().post_login(request, user, **kwargs)
        for arrive in ARRIVALS:
            arrive(request, response, user)
        return response


def end_oldest_sessions(user: Any) -> None:
    """Makes room for the one that begins."""
    for session in UserSession.objects.filter(user=user).order_by("-created_at")[SESSIONS - 1 :]:
        session.end()


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        # Of a code as of a passkey: allauth has one word for both.
        "incorrect_code": _("That did not match. Please try again; an app has a new code every half minute."),
    }

    def _get_site_name(self) -> str:
        """What authenticator apps and browsers show beside the code or the passkey."""
        return str(settings.SITE_HOST)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What a new passkey is called unless its owner knows better: after the browser that made it."""
        return browser_name(context.request.headers.get("User-Agent", ""))
