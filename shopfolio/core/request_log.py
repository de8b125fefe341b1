"""Every request has an id and one line in the log."""

import re
import secrets
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from shopfolio.lib.http import is_trusted_proxy

log = structlog.get_logger(__name__)

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"}


class RequestLogMiddleware:
    """Binds the request's id to every line written meanwhile, and writes one when the answer is there.

    The line names the route, not the path, because paths hold tokens: `orders/<str:token>/`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        request_id = stated_id(request) or secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            response["X-Request-ID"] = request_id
            if not is_static_file(request, response):
                log.info(
                    "request",
                    method=request.method if request.method in METHODS else "other",
                    route=route(request),
                    status=response.status_code,
                    ms=round((time.perf_counter() - began) * 1000),
                )
        return response


def stated_id(request: HttpRequest) -> str:
    """What a proxy of ours calls this request. A stranger may not choose what stands in our log."""
    stated, hop = request.META.get("HTTP_X_REQUEST_ID", ""), request.META.get("REMOTE_ADDR", "")
    is_believed = hop and WELL_FORMED.fullmatch(stated) and is_trusted_proxy(hop)  # no hop: a socket file
    return stated if is_believed else ""


def route(request: HttpRequest) -> str:
    """The pattern that the path fits, with a stroke before it as paths have; "none" where it fits no page."""
    return f"/{request.resolver_match.route}" if request.resolver_match else "none"


def is_static_file(request: HttpRequest, response: HttpResponse) -> bool:
    return request.path.startswith(settings.STATIC_URL) and response.status_code < 400
