"""What browsers report of our Content-Security-Policy: counted by kind, without a word about the visitor."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import Resolver404, resolve
from django.utils import timezone

from shopfolio.core.models import CspReport

DIRECTIVES = {
    *settings.CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr", "manifest-src", "media-src",
    "object-src", "frame-src", "child-src", "worker-src",
}  # fmt: skip


class NoReport(Exception):
    """What came is no report about a page of ours."""


def read_report(body: bytes, *, hosts: set[str]) -> dict[str, str]:
    """Directive, what was blocked, and the pattern of the page's address. Raises NoReport.

    body: as the CSP's report-uri has it, {"csp-report": {…}}. hosts: that our pages have.
    """
    try:
        report = json.loads(body)["csp-report"]
        page, blocked = urlsplit(report["document-uri"]), origin_of(report.get("blocked-uri", ""))
        directive = (report.get("effective-directive") or report["violated-directive"]).split()[0]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NoReport from error
    if directive not in DIRECTIVES or page.netloc not in hosts:
        raise NoReport
    return {"directive": directive, "blocked": blocked, "page": pattern_of(page.path)}


def origin_of(blocked: Any) -> str:
    """Of an address its site; else the word for it: inline, eval, data, a browser extension's scheme."""
    url = urlsplit(blocked)
    if url.scheme in {"http", "https", "ws", "wss"}:
        host = re.sub(r"[^a-z0-9.:\[\]_-]", "", url.netloc.rpartition("@")[2].lower())
        return f"{url.scheme}://{host}"[:200]
    return re.sub(r"[^a-z-]", "", (url.scheme or blocked).lower())[:40]


def pattern_of(path: str) -> str:
    try:
        return f"/{resolve(path).route}"[:200]
    except Resolver404:
        return "none"


def count_report(kind: dict[str, str]) -> None:
    """One more of a kind; a kind too many is not kept."""
    while not CspReport.objects.filter(**kind).update(count=F("count") + 1, modified=timezone.now()):
        if CspReport.objects.count() >= CspReport.MOST:
            return
        try:
            with transaction.atomic():
                CspReport.objects.create(**kind)
        except IntegrityError:  # another browser was quicker by a hair
            continue
        return
