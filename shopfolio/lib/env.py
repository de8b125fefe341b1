"""What the environment says, in one place: a missing or wrong value ends the start with a sentence."""

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
READ: set[str] = set()
"""Names that were asked for; a test compares them with docs/configure.md."""


def text(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE points to."""
    READ.add(name)
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            found = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: {path} cannot be read ({error.strerror}).") from error
        except UnicodeDecodeError as error:
            raise ImproperlyConfigured(f"{name}_FILE: {path} holds no text.") from error
        if not found:
            raise ImproperlyConfigured(f"{name}_FILE: {path} is empty.")
        return found
    return os.environ.get(name, "").strip() or default


def parsed(name: str, default: str, parse: Callable[[str], T], expected: str) -> T:
    """The value of NAME as parse() understands it; `expected` ends the sentence that refuses another."""
    value = text(name, default)
    try:
        return parse(value)
    except (ValueError, KeyError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} is {shown(value)}; it must be {expected}.") from error


def shown(value: str) -> str:
    """For a message: an address without its user and password."""
    return repr(re.sub(r"//.*@", "//…@", value))


def flag(name: str) -> bool:
    words = {"": False, "0": False, "false": False, "no": False, "off": False}
    words |= {"1": True, "true": True, "yes": True, "on": True}
    return parsed(name, "", lambda value: words[value.lower()], "on or off")


def number(name: str, default: int, *, least: int, most: int) -> int:
    def parse(value: str) -> int:
        found = int(value) if value.isascii() and value.isdigit() else least - 1
        if not least <= found <= most:
            raise ValueError(found)
        return found

    return parsed(name, str(default), parse, f"a whole number from {least} to {most}")


def secrets_of(name: str, pattern: str, expected: str, *, most: int = 10) -> list[str]:
    """The values of NAME, with commas between; no message shows them."""
    values = names(name)
    if len(values) > most or not all(re.fullmatch(pattern, value) for value in values):
        raise ImproperlyConfigured(f"{name} is not what it should be; it must be {expected}.")
    return values


def each(name: str, parse: Callable[[str], T], expected: str) -> list[T]:
    """The values of NAME, with commas between, as parse() understands each."""
    return parsed(name, "", lambda _value: [parse(part) for part in names(name)], expected)


def folder(name: str, default: str) -> Path:
    """The folder that NAME names, made where it is missing, for this program's user alone."""
    path = Path(text(name, default)).resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        why = "" if os.access(path, os.R_OK | os.W_OK | os.X_OK) else "not allowed"
    except OSError as error:
        why = error.strerror or ""
    if why:
        raise ImproperlyConfigured(f"{name} is '{path}'; it must be a folder to write into ({why}).")
    return path


def names(name: str) -> list[str]:
    return [part.strip() for part in text(name).split(",") if part.strip()]


def kept_secret(path: Path, prefix: str = "") -> str:
    """The secret kept in this file, made on first use and readable by its owner only."""
    try:
        return read_or_make(path, prefix)
    except OSError as error:
        raise ImproperlyConfigured(f"{path} can be neither read nor made ({error.strerror}).") from error


def read_or_make(path: Path, prefix: str) -> str:
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(prefix + secrets.token_urlsafe(48))
    with suppress(FileExistsError):  # two processes may start at once: the first one's secret stands
        os.link(draft, path)
    draft.unlink()
    return path.read_text(encoding="ascii").strip()
