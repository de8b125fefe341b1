"""Small things about HTTP that Django leaves to us."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods
from django_htmx.middleware import HtmxDetails

PERMISSIONS = (
    "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope",
    "magnetometer", "microphone", "midi", "payment", "usb",
)  # fmt: skip
"""Abilities of a browser that no page of ours uses."""

NOTHING = "; ".join(
    f"{rule} 'none'" for rule in ("default-src", "base-uri", "form-action", "frame-ancestors")
)
SECURITY_HEADERS = {
    "Content-Security-Policy": NOTHING,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in PERMISSIONS),
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
}
"""Of every answer. A page has a Content-Security-Policy of its own; what is no page needs nothing."""


form_page = require_http_methods(["GET", "HEAD", "POST"])
"""For a view that shows a form and takes it."""


class SeeOther(HttpResponseRedirect):
    """303: look there with GET. Django's redirect() answers 302, which leaves the method open."""

    status_code = 303
    allowed_schemes = ["http", "https"]


def absolute(path: str) -> str:
    """The full address of a path of this site; the visitor's Host header never decides it."""
    return urljoin(settings.SITE_URL + "/", path)


def absolute_url(name: str, **kwargs: Any) -> str:
    return absolute(reverse(name, kwargs=kwargs or None))


def is_own_address(url: str) -> bool:
    """Whether a visitor may be sent there because the address that they brought says so."""
    own = urlsplit(settings.SITE_URL)
    return url_has_allowed_host_and_scheme(
        url, allowed_hosts={own.netloc}, require_https=own.scheme == "https"
    )


def where_next(request: HttpRequest, otherwise: str = "") -> str:
    """The page that `next` names, if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if is_own_address(wanted) else otherwise


def who_is(request: HttpRequest) -> Any:
    """Whoever is logged in; strangers have no session, and none is opened for them."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return request.user if request.user.is_authenticated else None


def is_htmx(request: HttpRequest) -> bool:
    return bool(HtmxDetails(request))


def visitors_address(request: HttpRequest) -> str:
    """X-Forwarded-For, read from its end, is believed as far as each hop is a proxy that we trust."""
    address: str = request.META["REMOTE_ADDR"]
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not is_trusted_proxy(address):
            break
        try:
            address = str(ip_address(without_port(hop.strip())))
        except ValueError:
            break
    return address


def visitors_network(request: HttpRequest) -> str:
    """What one visitor can hardly choose: the /24 of an IPv4 address, the /64 of an IPv6 one."""
    return network_of(request, ipv4=24, ipv6=64)


def visitors_region(request: HttpRequest) -> str:
    """What one provider can hand to one customer: the /16 of an IPv4 address, the /48 of an IPv6 one."""
    return network_of(request, ipv4=16, ipv6=48)


def network_of(request: HttpRequest, *, ipv4: int, ipv6: int) -> str:
    try:
        address = ip_address(visitors_address(request).partition("%")[0])
    except ValueError:  # behind a socket file nobody has an address
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ip_network((address, ipv4 if address.version == 4 else ipv6), strict=False))


def is_trusted_proxy(address: str) -> bool:
    if not address:  # behind a socket file
        return False
    return any(ip_address(address) in ip_network(proxy) for proxy in settings.TRUSTED_PROXIES)


def without_port(hop: str) -> str:
    """Some proxies add it: 203.0.113.5:4711, [2001:db8::1]:443."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
