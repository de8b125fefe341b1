"""What people read when something is refused or broken: one page a status, each with a way on."""

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from shopfolio.lib.http import is_htmx
from shopfolio.users.limits import MINUTE, TooMany

BACK_IN = 30
"""Seconds after which programs may ask again while the database is away."""


def status_page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    """A whole page; for htmx, which puts it into one, only its sentence."""
    layout = "status/notice.html" if is_htmx(request) else "status/page.html"
    known = {"layout": layout, "status": status}
    return kept_nowhere(render(request, f"status/{status}.html", known | context, status=status))


def bare_page(request: HttpRequest, status: int) -> HttpResponse:
    """Without a context: whatever that would ask may be what is broken."""
    layout = "status/notice.html" if is_htmx(request) else "status/bare.html"
    text = render_to_string(f"status/{status}.html", {"layout": layout, "status": status})
    return kept_nowhere(HttpResponse(text, status=status))


def kept_nowhere(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return status_page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """A view's refusal, and with a reason the CSRF middleware's."""
    return status_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return status_page(request, 404)


def too_many(
    request: HttpRequest, refusal: TooMany, template: str = "", context: dict[str, Any] | None = None
) -> HttpResponse:
    """template: of the form that was sent, so that nothing typed is lost; it shows `refusal`."""
    if template:
        response = render(request, template, (context or {}) | {"refusal": refusal}, status=429)
    else:
        response = status_page(request, 429, refusal=refusal)
    response["Retry-After"] = str(refusal.seconds)
    return kept_nowhere(response)


def too_many_tries(request: HttpRequest) -> HttpResponse:
    """The account pages' refusal; theirs are limits by the minute."""
    return too_many(request, TooMany(MINUTE))


def server_error(request: HttpRequest) -> HttpResponse:
    """Called while the error is handled; it is in the log already, or will be."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return bare_page(request, 500)
    response = bare_page(request, 503)
    response["Retry-After"] = str(BACK_IN)
    return response
