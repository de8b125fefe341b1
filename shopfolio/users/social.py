"""Logging in with an account elsewhere. Only where SOCIAL_LOGIN names one is any of this there."""

from dataclasses import dataclass
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shopfolio.lib.http import SeeOther
from shopfolio.lib.mailboxes import folded
from shopfolio.users.models import CustomUser

NAMES = {"github": "GitHub", "gitlab": "GitLab"}


@dataclass(frozen=True)
class SocialSite:
    name: str
    login_url: str


def sites() -> list[SocialSite]:
    return [SocialSite(NAMES[site], reverse(f"{site}_login")) for site in settings.SOCIAL_LOGIN]


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """A new account takes one address that the other site has confirmed, and never somebody's here."""
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        confirmed = sorted(
            (each for each in sociallogin.email_addresses if each.verified), key=lambda each: not each.primary
        )
        if not confirmed:
            self.refuse(
                request, _("That site tells no confirmed address of yours. Please open an account here.")
            )
        sociallogin.email_addresses = confirmed[:1]
        sociallogin.user.email = folded(confirmed[0].email)
        if CustomUser.objects.filter(email=sociallogin.user.email).exists():
            self.refuse(
                request,
                _("You have an account here with that address. Log in, then connect the two under Security."),
            )

    def refuse(self, request: HttpRequest, why: str) -> None:
        messages.error(request, why)
        raise ImmediateHttpResponse(SeeOther(reverse("account_login")))
