"""Addresses of servers, as the environment names them. What reads one raises ValueError for what is none."""

import re
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:]+\]", re.IGNORECASE)


def origin(value: str, *, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """A site without anything behind its host: https://example.org, http://127.0.0.1:8000."""
    url = parts(value, schemes=schemes)
    if (
        url.path not in {"", "/"}
        or url.query
        or url.fragment
        or "@" in url.netloc
        or url.netloc.endswith(":")
    ):
        raise ValueError(value)
    return f"{url.scheme}://{url.netloc.lower()}"


def host(value: str) -> str:
    """As a browser names it, without port; a leading dot stands for every name below."""
    if not HOST.fullmatch(value.removeprefix(".")):
        raise ValueError(value)
    return value.lower()


def is_loopback(host: str) -> bool:
    """Whether this host (no port, IPv6 with or without brackets) is this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def redis_server(value: str) -> str:
    url = parts(value, schemes=("redis", "rediss"))
    if not re.fullmatch(r"(/\d*)?", url.path):
        raise ValueError(value)
    return value


def mail_server(value: str) -> str:
    parts(value, schemes=("smtp", "smtps", "smtp+tls", "smtp+ssl"))
    return value


def sender(value: str) -> str:
    """A mail address, with a name before it or without: Ines Calder <hello@example.org>."""
    address = parseaddr(value)[1]
    name, _at, domain = address.rpartition("@")
    if not name or not HOST.fullmatch(domain) or not value.isprintable():
        raise ValueError(value)
    return value


def parts(value: str, *, schemes: tuple[str, ...]) -> SplitResult:
    url = urlsplit(value)
    port = url.port  # raises for what is no port
    host_alone = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname or ""
    if url.scheme not in schemes or not HOST.fullmatch(host_alone) or port == 0:
        raise ValueError(value)
    if not value.isprintable() or " " in value:
        raise ValueError(value)
    return url
