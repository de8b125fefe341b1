"""The log of the web server as a process of its own."""

import socket
from typing import Any

import pytest
import requests

from shopfolio.lib.http import SECURITY_HEADERS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


def say(url: str, words: bytes) -> bytes:
    """The server's answer to bytes that need not be HTTP."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(words)
        return connection.recv(4000)


def test_a_request_has_one_line_and_nonsense_is_not_repeated(programs: Any) -> None:
    web = programs.start_web()
    before = len(web.log().splitlines())

    answer = requests.get(
        f"{web.url}/orders/sekret/?who=sekret", headers={"User-Agent": "sekret"}, timeout=10
    )
    nonsense = say(web.url, b"SEKRET sekret\r\nHost: sekret\r\n\r\n")

    assert nonsense.startswith(b"HTTP/1.1 400")
    request, refused = web.log().splitlines()[before:]
    assert f"request_id={answer.headers['X-Request-ID']} " in request
    assert "route=/orders/<str:token>/ status=404" in request
    assert "Invalid request" in refused
    assert "sekret" not in web.log().lower()
    assert "127.0.0.1" not in refused


@pytest.mark.parametrize(
    "nonsense",
    [b"SEKRET sekret\r\n\r\n", b"GET /sekret HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nsekret\x00: x\r\n\r\n"],
)
def test_nonsense_is_refused_with_the_headers_and_not_repeated(programs: Any, nonsense: bytes) -> None:
    web = programs.start_web()

    head, _, body = say(web.url, nonsense).decode().partition("\r\n\r\n")

    status, *lines = head.split("\r\n")
    told = dict(line.split(": ", 1) for line in lines)
    assert status == "HTTP/1.1 400 Bad Request"
    assert (body, told["Connection"], told["Content-Length"]) == ("Bad Request", "close", "11")
    assert told.items() >= SECURITY_HEADERS.items()
    assert "sekret" not in head.lower()


@pytest.mark.parametrize(
    "ends",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4, 5",
        "Content-Length: +4",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Content-Length : 4",
        "Content_Length: 4\r\nTransfer-Encoding: \x0bchunked",
    ],
)
def test_a_request_whose_end_is_in_doubt_is_refused(programs: Any, ends: str) -> None:
    """Else a proxy and we might see two requests in it, or one."""
    web = programs.start_web()

    answer = say(web.url, f"POST /contact/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{ends}\r\n\r\n0\r\n\r\n".encode())

    assert answer.split(b" ")[1] in {b"400", b"501"}
    assert answer.count(b"HTTP/1.1") == 1
