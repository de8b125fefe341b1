import base64
import hashlib
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse

from shopfolio.core.views.status_pages import forbidden, status_page, too_many
from shopfolio.core.whole_pages import brings_our_cookie
from shopfolio.lib.http import SECURITY_HEADERS, is_htmx
from shopfolio.users.limits import TooMany

log = structlog.get_logger(__name__)

TOKEN_PATHS = ("/admin/", "/account/")

FROM_STAFF = 1_000_000_000
"""Bytes that a form of the back office may bring, with all its pictures and downloads."""

FROM_A_PERSON = 11_000_000
"""Bytes: the profile's form with a picture."""

READ_TO_THE_END = 10_000_000
"""Bytes: of what is too large, so much is read and dropped. Browsers show no answer before they have sent."""


class SecurityHeadersMiddleware:
    """Stands in front of all others, so that files, redirects and early refusals have these headers too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if response.status_code == 304:
            # A browser puts these headers in the place of the kept page's, whose policy allows its own files.
            del response.headers["Content-Security-Policy"]
        return response


class MethodsMiddleware:
    """The site is read, and forms are sent to it: no other method reaches a session, a user or a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = ["GET", "HEAD", "POST"]
        return self.get_response(request) if request.method in known else HttpResponseNotAllowed(known)


class NoNulMiddleware:
    """No page's address holds a NUL, and PostgreSQL refuses to look for one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META["QUERY_STRING"]:
            raise Http404
        return self.get_response(request)


def is_back_office(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/")


NOT_UNDERSTOOD = defaultdict(
    tuple, {"GET": (ValidationError, OverflowError, DataError), "POST": (ValidationError, OverflowError)}
)
"""What Django's admin raises for an address with the year 10^30, and for keys that are none."""


class StatusPageMiddleware:
    """Refusals in our words: what a decorator answers without any, and what a view leaves to us."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_bare = response.status_code == 405 and not response.streaming and not response.content
        if not is_bare or request.method == "HEAD" or is_htmx(request) or not request.accepts("text/html"):
            return response
        page = status_page(request, 405)
        page["Allow"] = response["Allow"]
        return page

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, TooMany):
            return too_many(request, exception)
        if isinstance(
            exception, UnreadablePostError
        ):  # the visitor's connection broke; nobody will read this
            return status_page(request, 400)
        if is_back_office(request) and isinstance(exception, NOT_UNDERSTOOD[request.method or ""]):
            log.warning("not understood", exc_info=exception)
            return status_page(request, 400)
        return None


class BodyLimitMiddleware:
    """Refuses what is too large by its stated length, before anything of it is parsed or written to disk.

    Only staff may upload files, and everybody with an account a picture of themselves; it stands behind the
    middleware that knows who asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:  # as Django has it: no body
            length = 0
        if length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or length <= self.most_for(request):
            return self.get_response(request)
        with suppress(UnreadablePostError):
            for _ in range(0, min(length, READ_TO_THE_END), 65_536):
                request.read(65_536)
        return status_page(request, 413)

    def most_for(self, request: HttpRequest) -> int:
        if is_back_office(request):
            return FROM_STAFF if request.user.is_active and request.user.is_staff else 0
        is_picture = request.path == reverse("account_profile") and request.user.is_authenticated
        return FROM_A_PERSON if is_picture else 0


class SameOriginCsrfMiddleware(CsrfViewMiddleware):
    """Lets browsers say where a form comes from, so that public pages need no cookie and no token.

    Browsers send Sec-Fetch-Site, or at least Origin or Referer, with every unsafe request. A stated origin
    other than ours is refused; who states none needs Django's token, as do the admin and account pages.
    """

    def process_view(  # type: ignore[override]  # the stubs promise only one kind of answer
        self,
        request: HttpRequest,
        callback: Any,
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        exempt = getattr(callback, "csrf_exempt", False)
        if (
            exempt
            or request.method in {"GET", "HEAD", "OPTIONS", "TRACE"}
            or request.path.startswith(TOKEN_PATHS)
        ):
            return super().process_view(request, callback, callback_args, callback_kwargs)
        own = self._stated_origin_is_ours(request)
        if own is None:
            return super().process_view(request, callback, callback_args, callback_kwargs)
        if not own:
            return forbidden(request)
        request.csrf_processing_done = True  # type: ignore[attr-defined]
        return None

    def _stated_origin_is_ours(self, request: HttpRequest) -> bool | None:
        fetch_site = request.headers.get("Sec-Fetch-Site")
        if fetch_site is not None:
            return fetch_site == "same-origin"
        stated = request.headers.get("Origin") or request.headers.get("Referer")
        if not stated:
            return None
        try:
            url = urlsplit(stated)
        except ValueError:  # no address at all
            return False
        return f"{url.scheme}://{url.netloc}" in {
            settings.SITE_URL,
            f"{request.scheme}://{request.get_host()}",
        }


class CacheControlMiddleware:
    """Public pages may be kept but are asked for again; what a session or a secret has part in is not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = self.rule_for(request, response)
        return response

    def rule_for(self, request: HttpRequest, response: HttpResponse) -> str:
        match = request.resolver_match
        public = match is not None and hasattr(match.func, "public_parameters")
        if not public or response.cookies or settings.SESSION_COOKIE_NAME in request.COOKIES:
            return "private, no-store"
        return "private, no-cache" if brings_our_cookie(request) else "no-cache"


EDITOR_STYLE = "'sha256-PlumsSlvJ7vvWzjqibGAYKq92O3y/4JTxWWsWJvyUYA='"
"""The style that Tiptap puts into the page; a test compares it with the package's."""


@cache
def editor_hashes() -> dict[str, list[str]]:
    """What the rich-text editor needs: its import map, and the one style that it puts into the page.

    The import map names static files by their hashed addresses, so it is known only once those are collected.
    """
    from django_prose_editor.widgets import importmap

    text = str(importmap).partition(">")[2].rpartition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"script-src": [f"'sha256-{digest}'"], "style-src": [EDITOR_STYLE]}


class ContentSecurityPolicyMiddleware(CSPMiddleware):  # type: ignore[misc]
    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponse, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path.startswith("/admin/") and not report_only:
            parts.update = {**(parts.update or {}), **editor_hashes()}
        return parts
