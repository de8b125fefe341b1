"""A site that lets people log in with GitHub, run by test_social.py in a process of its own.

Settings are read once, so a test's own process cannot turn this on. GitHub's answers are played.
"""

import json
import sys
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import django

django.setup()

from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter  # noqa: E402
from allauth.socialaccount.providers.oauth2.client import OAuth2Client  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client, override_settings  # noqa: E402

from shopfolio.users.models import CustomUser  # noqa: E402
from shopfolio.users.personal_data import accounts_elsewhere  # noqa: E402

MAILS = [{"email": "Ana@example.org", "primary": True, "verified": True}]


def log_in(browser, mails, *, number=1, query=""):
    """The page to which GitHub's answer leads in the end."""
    asked = browser.post(f"/account/social/github/login/{query}")
    state = parse_qs(urlsplit(asked["Location"]).query)["state"][0]
    profile = {"id": number, "login": "ana", "name": "Ana Reis", "emails": mails}
    GitHubOAuth2Adapter.complete_login = lambda self, request, app, token, **kwargs: (
        self.get_provider().sociallogin_from_response(request, dict(profile))
    )
    OAuth2Client.get_access_token = lambda self, code, pkce_code_verifier=None: {"access_token": "x"}
    answer = browser.get("/account/social/github/login/callback/", {"code": "1", "state": state})
    return SimpleNamespace(asked=asked, answer=answer)


def who(browser):
    key = browser.session.get("_auth_user_id")
    return CustomUser.objects.get(pk=key).email if key else None


def play():
    found = {"offered": b"Use GitHub" in Client().get("/account/login/").content}
    stranger = Client()
    stranger.post("/account/login/code/", {"email": "ana@example.org"})
    new = log_in(stranger, MAILS, query="?next=/shop/")
    found["leads to"] = new.asked["Location"].partition("?")[0]
    found["form-action"] = "https://github.com" in Client().get("/account/login/")["Content-Security-Policy"]
    found["then"] = new.answer["Location"]
    found["session lasts"] = stranger.session.get_expiry_age() == settings.SESSION_COOKIE_AGE
    found["new account"] = who(stranger)
    found["may log in by password"] = CustomUser.objects.get().has_usable_password()
    again = Client()
    log_in(again, MAILS)
    found["again"] = [who(again), CustomUser.objects.count()]
    pages = [again.get(f"/account/security/{page}") for page in ("", "connections/")]
    [elsewhere] = accounts_elsewhere(CustomUser.objects.get())
    found["taken along"] = [elsewhere["provider"], elsewhere["uid"], elsewhere["extra_data"]["name"]]
    found["pages"] = [page.status_code for page in pages] + [b"GitHub" in page.content for page in pages]

    rui = CustomUser.objects.create_user("rui@example.org", "seven wooden boats")
    rui.confirm_address()
    thief = Client()
    taken = log_in(thief, [{"email": "rui@example.org", "primary": True, "verified": True}], number=2)
    found["somebody else's"] = [taken.answer["Location"], who(thief)]
    unproven = Client()
    vague = log_in(unproven, [{"email": "eva@example.org", "primary": True, "verified": False}], number=3)
    found["not confirmed"] = [vague.answer["Location"], who(unproven)]
    found["accounts"] = sorted(CustomUser.objects.values_list("email", flat=True))
    return found


call_command("migrate", verbosity=0)
plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}, ALLOWED_HOSTS=["testserver"]):
    json.dump(play(), sys.stdout)
