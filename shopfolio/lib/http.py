"""Small things about HTTP that Django leaves to us."""

from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
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


def visitors_address(request: HttpRequest) -> str:
    """X-Forwarded-For, read from its end, is believed as far as each hop is a proxy that we trust."""
    address: str = request.META["REMOTE_ADDR"]
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not is_trusted_proxy(address):
            break
        try:
            address = str(ip_address(hop.strip()))
        except ValueError:
            break
    return address


def is_trusted_proxy(address: str) -> bool:
    return any(ip_address(address) in ip_network(proxy) for proxy in settings.TRUSTED_PROXIES)
