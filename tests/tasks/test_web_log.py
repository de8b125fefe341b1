"""The log of the web server as a process of its own."""

import socket
from typing import Any

import pytest
import requests

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


def say(url: str, words: bytes) -> bytes:
    """The server's answer to bytes that need not be HTTP."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(words)
        return connection.recv(1000)


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
