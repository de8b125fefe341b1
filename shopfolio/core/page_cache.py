"""The generation of the public pages: what was kept under an older one is no longer shown."""

import os
import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse

REDIS_KEY = "shopfolio.generation"


def generation() -> str:
    """Changes with every bump, in every process: a file's mtime when embedded, else a key in Redis."""
    if settings.CACHE_URL.startswith("redis"):
        return str(cache.get(REDIS_KEY, 0))
    try:
        return str(os.stat(settings.DATA_DIR / "generation").st_mtime_ns)
    except FileNotFoundError:
        return "0"


def bump() -> None:
    """Once the running transaction is committed, every public page is made anew."""
    transaction.on_commit(_bump, robust=True)


def _bump() -> None:
    if settings.CACHE_URL.startswith("redis"):
        cache.set(REDIS_KEY, time.time_ns(), timeout=None)
    else:
        (settings.DATA_DIR / "generation").write_text(str(time.time_ns()), encoding="ascii")


class GenerationMiddleware:
    """What the owner changed in the back office shows on the next request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        unsafe = request.method not in {"GET", "HEAD", "OPTIONS"}
        if unsafe and request.path.startswith("/admin/") and response.status_code < 400:
            bump()
        return response
