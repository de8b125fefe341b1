"""What a log line may say: what happened to which request or job, never who a person is.

Our own lines are written with that in mind. Lines of libraries and the words of errors quote what they met:
addresses, form fields, whole rows. Of those only what is known to speak of the program is kept.
"""

import logging
import re
import traceback
from types import TracebackType
from typing import Any

SPEAK_OF_THE_MACHINE = {"gunicorn", "celery", "kombu", "py"}
"""Libraries whose lines are told with their values: processes, files, brokers and warnings, no visitors."""

SPEAK_OF_THE_CODE = {
    "AttributeError", "ImportError", "ModuleNotFoundError", "NameError", "NotImplementedError",
    "RecursionError", "RuntimeError", "TypeError", "django.core.exceptions.ImproperlyConfigured",
    "django.db.utils.OperationalError", "django.template.exceptions.TemplateDoesNotExist",
    "django.template.exceptions.TemplateSyntaxError",
}  # fmt: skip
"""Errors whose words name code or the database's state. Those of all others may quote what a visitor sent."""

PLACEHOLDER = re.compile(r"%(\(\w+\))?[-#0 +]*[\d.]*[sdrfixa]")
SECRET = re.compile(r"\S+@\S+|\b(?=\w*\d)\w{20,}")
"""An address, or a token: what even our own words may name so that the owner finds it."""
CODES = ("errno", "smtp_code", "sqlstate", "http_status")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
Line = dict[str, Any]


def words_of_error(error: BaseException) -> str:
    """Its name, its number, and its words where they cannot be about a person.

    An error class of ours that passes on what others said has `quotes_others`.
    """
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    is_ours = kind.__module__.startswith("shopfolio.") and not getattr(kind, "quotes_others", False)
    if is_ours or name in SPEAK_OF_THE_CODE:
        return f"{name}: {SECRET.sub('…', str(error).partition(chr(10))[0])}"
    codes = (getattr(error, code, None) for code in CODES)
    return " ".join([name, *(str(code) for code in codes if isinstance(code, int | str))])


def traceback_without_values(exc_info: ExcInfo) -> str:
    """Files, lines and names of the error and of what led to it."""
    told: list[str] = []
    seen: set[int] = set()
    error: BaseException | None = exc_info[1]
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = "".join(traceback.format_tb(error.__traceback__))
        told.append(f"Traceback (most recent call last):\n{frames}{words_of_error(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich led to\n\n".join(reversed(told))


def leave_out_values(logger: Any, level: str, line: Line) -> Line:
    """A line of a library without what it met; its traceback stays.

    For structlog's `foreign_pre_chain`, with the message not yet put together with its values.
    """
    record: logging.LogRecord = line["_record"]
    values = line.pop("positional_args", ())
    if record.name.startswith("django.security"):
        line["event"] = "refused as unsafe"  # its words are the visitor's; its logger's name says which rule
    elif record.name == "django.request":
        line["event"] = "server error"
    elif not values:
        return line
    elif record.name.partition(".")[0] in SPEAK_OF_THE_MACHINE and not record.exc_info:
        line["event"] = str(record.msg) % values
    else:
        line["event"] = " ".join(PLACEHOLDER.sub("…", str(record.msg)).split())
    return line
