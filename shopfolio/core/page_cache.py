"""The generation of the public pages: what was kept under an older one is no longer shown."""

import os
import threading
import time
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

REDIS_KEY = "shopfolio.generation"

_request = threading.local()


def generation() -> str:
    """Changes with every bump, in every process: a file's mtime when embedded, else a key in Redis.

    A request is answered under the one that it began with, so that it asks once.
    """
    if not getattr(_request, "is_running", False):
        return _current()
    if _request.generation is None:
        _request.generation = _current()
    return str(_request.generation)


def _current() -> str:
    if settings.CACHE_URL.startswith("redis"):
        try:
            return str(redis(settings.CACHE_URL).get(REDIS_KEY))
        except RedisError:
            return f"unknown at {time.time_ns()}"  # nothing kept is believed while nobody can say
    try:
        return str(os.stat(settings.DATA_DIR / "generation").st_mtime_ns)
    except FileNotFoundError:
        return "0"


@cache
def redis(url: str) -> Redis:
    """One client for all threads. Django's cache makes one anew for every question, at twice its price."""
    once_more = Retry(NoBackoff(), 1)  # the server may have started again since
    return Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5, retry=once_more)


def bump() -> None:
    """Once the running transaction is committed, every public page is made anew."""
    transaction.on_commit(_bump, robust=True)


def _bump() -> None:
    now = time.time_ns()
    if settings.CACHE_URL.startswith("redis"):
        redis(settings.CACHE_URL).set(REDIS_KEY, now)
    else:
        path = settings.DATA_DIR / "generation"
        path.touch()
        os.utime(path, ns=(now, now))  # the file system's own clock ticks too slowly to tell two bumps apart
    _request.generation = None


class GenerationMiddleware:
    """What the owner changed in the back office shows on the next request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _request.is_running, _request.generation = True, None
        try:
            response = self.get_response(request)
        finally:
            _request.is_running = False
        unsafe = request.method not in {"GET", "HEAD", "OPTIONS"}
        if unsafe and request.path.startswith("/admin/") and response.status_code < 400:
            bump()
        return response
