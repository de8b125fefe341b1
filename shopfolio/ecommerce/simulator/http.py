"""The little of HTTP that the simulator needs: it has no session, no cookie, no upload."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from shopfolio.ecommerce.simulator.errors import StripeError

LARGEST_BODY = 1 << 20
StartResponse = Callable[..., Any]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    body: str
    headers: dict[str, str]
    peer: str

    @classmethod
    def of(cls, environ: dict[str, Any]) -> "Request":
        """Raises StripeError when the body is too large or is no text."""
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > LARGEST_BODY:
            raise StripeError("The request is too large.", status=413)
        try:
            body = environ["wsgi.input"].read(int(length)).decode()
            path = environ.get("PATH_INFO", "/").encode("latin-1").decode()
        except UnicodeDecodeError as error:
            raise StripeError("The request is no valid UTF-8.") from error
        return cls(
            method=environ["REQUEST_METHOD"],
            path=path,
            query=environ.get("QUERY_STRING", ""),
            body=body,
            headers=headers,
            peer=environ.get("REMOTE_ADDR", ""),
        )


@dataclass
class Response:
    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: object, *, status: int = 200) -> "Response":
        return cls(json.dumps(value, indent=2).encode(), status, "application/json")

    @classmethod
    def see_other(cls, address: str) -> "Response":
        return cls(status=303, headers={"Location": address})

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        headers = {
            "Content-Type": self.content_type,
            "Content-Length": str(len(self.body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        start_response(
            f"{self.status} {HTTPStatus(self.status).phrase}", list((headers | self.headers).items())
        )
        return [self.body]
