import base64
import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from shopfolio.core.views.site import forbidden

TOKEN_PATHS = ("/admin/", "/account/")


class NoNulMiddleware:
    """No page's address holds a NUL, and PostgreSQL refuses to look for one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path:
            raise Http404
        return self.get_response(request)


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
            return forbidden(request, reason="The form came from another site.")
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
    """Public pages may be kept but are asked for again; what a session has part in is kept nowhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            private = settings.SESSION_COOKIE_NAME in request.COOKIES or response.cookies
            response["Cache-Control"] = "private, no-store" if private else "no-cache"
        return response


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
