"""Public pages, kept whole and compressed for everybody who brings no cookie of ours.

They hold no secret and no token, so that their length under compression tells nothing (BREACH). Pages with a
cookie's part in them are never compressed here.
"""

import gzip
import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlencode

import brotli
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.cache import get_conditional_response, patch_vary_headers

from shopfolio.core.message_storage import MessageCookie
from shopfolio.core.page_cache import generation

LIVES = 50
"""Seconds. With core.services.SITE_LIVES, a minute until something shows whose date has come."""

MOST_BYTES = 32_000_000
"""Of each server process."""

OUR_COOKIES = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, MessageCookie.cookie_name}
"""Who brings one of them may see another page. Upper apps add theirs in AppConfig.ready()."""

COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, mode=brotli.MODE_TEXT, quality=5),
    "gzip": lambda body: gzip.compress(body, compresslevel=6, mtime=0),
    "": bytes,
}

CONDITIONS = {"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"}

View = TypeVar("View", bound=Callable[..., object])
Key = tuple[str, ...]


def public_page(*parameters: str) -> Callable[[View], View]:
    """Marks a view that makes one page for all visitors without a cookie of ours.

    parameters: all that it reads after the question mark; others never reach it.
    """

    def mark(view: View) -> View:
        view.public_parameters = parameters  # type: ignore[attr-defined]
        return view

    return mark


def public_parameters(request: HttpRequest) -> tuple[str, ...] | None:
    """What the public page at this address reads of the query; None where no public page is."""
    try:
        request.resolver_match = resolve(request.path_info)
    except Resolver404:
        return None
    return getattr(request.resolver_match.func, "public_parameters", None)


def brings_our_cookie(request: HttpRequest) -> bool:
    return "HTTP_COOKIE" in request.META and not OUR_COOKIES.isdisjoint(request.COOKIES)


@dataclass(frozen=True, slots=True)
class KeptPage:
    body: bytes
    headers: dict[str, str]
    match: ResolverMatch | None
    until: float

    @classmethod
    def of(
        cls, response: HttpResponse, encoding: str, match: ResolverMatch | None, until: float
    ) -> "KeptPage":
        body = COMPRESSED[encoding](response.content)
        headers = {**response.headers, "Content-Length": str(len(body)), "Vary": "Accept-Encoding, Cookie"}
        if encoding:
            headers["Content-Encoding"] = encoding
        # Of the headers too: who is told "not modified" goes on with those that came with the body. In order,
        # because django-csp names its directives in each process's own.
        told = sorted((name, sorted(value.split("; "))) for name, value in headers.items())
        digest = hashlib.sha256(repr(told).encode() + body).hexdigest()[:32]
        return cls(body, headers | {"ETag": f'"{digest}"'}, match, until)

    @property
    def size(self) -> int:
        return len(self.body) + 4_000  # its headers and key, roughly

    def answer(self, request: HttpRequest) -> HttpResponseBase | None:
        request.resolver_match = self.match
        response = HttpResponse(self.body, headers=self.headers)
        if CONDITIONS.isdisjoint(request.META):
            return response
        return get_conditional_response(request, etag=self.headers["ETag"], response=response)


class KeptPages:
    """Pages of one generation. When they grow too many, those that nobody asked for longest go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self, current: str = "") -> None:
        self._pages: OrderedDict[Key, KeptPage] = OrderedDict()
        self._generation, self._bytes = current, 0

    def __len__(self) -> int:
        return len(self._pages)

    def find(self, key: Key, current: str) -> KeptPage | None:
        with self._lock:
            if current != self._generation:
                self.clear(current)
            page = self._pages.get(key)
            if page is None or page.until <= time.monotonic():
                return None
            self._pages.move_to_end(key)
            return page

    def put(self, key: Key, page: KeptPage, current: str) -> None:
        with self._lock:
            if current != self._generation:  # something changed while the page was made
                return
            if earlier := self._pages.pop(key, None):
                self._bytes -= earlier.size
            self._pages[key] = page
            self._bytes += page.size
            while self._bytes > MOST_BYTES:
                self._bytes -= self._pages.popitem(last=False)[1].size


kept_pages = KeptPages()


class WholePageMiddleware:
    """Stands in front of session and user: what it keeps is asked for without either."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase | None:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        is_stranger = not brings_our_cookie(request)
        # First as it is asked for: most addresses need not be taken to pieces.
        if is_stranger and (page := kept_pages.find(key_of(request), generation())):
            return page.answer(request)
        parameters = public_parameters(request)
        if parameters is None:
            return self.get_response(request)
        keep_only(parameters, request)
        if is_stranger:
            return self.find_or_make(request)
        response = self.get_response(request)
        patch_vary_headers(response, ["Cookie"])
        return response

    def find_or_make(self, request: HttpRequest) -> HttpResponseBase | None:
        key, current, now = key_of(request), generation(), time.monotonic()
        page = kept_pages.find(key, current)
        if page is None:
            response = self.make(request)
            if not may_be_kept(response):
                return response
            page = KeptPage.of(response, key[0], request.resolver_match, until=now + LIVES)
            kept_pages.put(key, page, current)
        return page.answer(request)

    def make(self, request: HttpRequest) -> HttpResponse:
        """As for a GET, so that a HEAD tells the same headers."""
        method, request.method = request.method, "GET"
        try:
            return self.get_response(request)
        finally:
            request.method = method


def keep_only(parameters: tuple[str, ...], request: HttpRequest) -> None:
    """Leave a campaign's marks and a stranger's inventions out of the address."""
    if not request.META.get("QUERY_STRING"):
        return
    try:
        known = [(name, value) for name in parameters for value in request.GET.getlist(name)]
    except SuspiciousOperation:  # more of them than anybody needs
        known = []
    request.META["QUERY_STRING"] = urlencode(known)
    vars(request).pop("GET", None)  # to be read anew from there


def key_of(request: HttpRequest) -> Key:
    """The Host header as it came: whether it is ours is asked when a page is made, before it is kept."""
    meta = request.META
    encoding = best_encoding(meta.get("HTTP_ACCEPT_ENCODING", ""))
    host, query = meta.get("HTTP_HOST", "").lower(), meta.get("QUERY_STRING", "")
    return encoding, str(request.scheme), host, request.path, query


@lru_cache(maxsize=64)
def best_encoding(accepted: str) -> str:
    """The first that we have of what Accept-Encoding takes."""
    offers = (re.sub(r"\s", "", offer).lower().partition(";q=") for offer in accepted.split(","))
    taken = {name for name, _q, weight in offers if not re.fullmatch(r"0(\.0*)?", weight)}
    return next((encoding for encoding in COMPRESSED if encoding in taken), "")


def may_be_kept(response: HttpResponse) -> bool:
    """Whether the answer is a whole page that has nothing to do with who asked."""
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and not response.has_header("Vary")
        and not re.search(r"\b(private|no-store)\b", response.get("Cache-Control", ""))
    )
