"""Small things about HTTP that Django leaves to us."""

from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpResponseRedirect
from django.urls import reverse


class SeeOther(HttpResponseRedirect):
    """303: look there with GET. Django's redirect() answers 302, which leaves the method open."""

    status_code = 303
    allowed_schemes = ["http", "https"]


def absolute(path: str) -> str:
    """The full address of a path of this site; the visitor's Host header never decides it."""
    return urljoin(settings.SITE_URL + "/", path)


def absolute_url(name: str, **kwargs: Any) -> str:
    return absolute(reverse(name, kwargs=kwargs or None))
