import logging

import pytest
import structlog

from shopfolio.ecommerce.exceptions import SessionRefused, SoldOut
from shopfolio.lib.logs import leave_out_values, traceback_without_values, words_of_error
from shopfolio.tasks.outbox import PermanentFailure


def written(name: str, message: str, *values: object) -> str:
    """What becomes of a library's line."""
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            lambda _logger, _level, line: line["event"],
        ],
        foreign_pre_chain=[leave_out_values],
        use_get_message=False,
        pass_foreign_args=True,
    )
    return formatter.format(logging.LogRecord(name, logging.WARNING, "", 1, message, values, None))


@pytest.mark.parametrize(
    ("name", "message", "values", "line"),
    [
        (
            "gunicorn.error",
            "Worker %s was sent %s",
            (7, "SIGKILL"),
            "Worker 7 was sent SIGKILL",
        ),
        ("celery.beat", "beat: %(why)s", ({"why": "late"},), "beat: late"),
        ("some.library", "Retrying %r after %5.2f s\n", ("ana@example.org", 2.0), "Retrying … after … s"),
        ("some.library", "100 % sure", (), "100 % sure"),
        ("gunicorner", "of %s", ("ana",), "of …"),
        ("django.request", "%s: %s", ("Not Found", "/orders/x/"), "server error"),
        ("django.security.SuspiciousFileOperation", "No: ../ana", (), "refused as unsafe"),
    ],
)
def test_of_a_librarys_line_only_what_speaks_of_the_program_is_kept(name, message, values, line):
    assert written(name, message, *values) == line


class Mute(Exception):
    """Of the tests', so nobody knows what it quotes."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("ana@example.org"), "ValueError"),
        (TypeError("f() takes 1 argument"), "TypeError: f() takes 1 argument"),
        (FileNotFoundError(2, "No such file", "/home/ana"), "FileNotFoundError 2"),
        (SoldOut("Only 2 left of Print."), "shopfolio.ecommerce.exceptions.SoldOut: Only 2 left of Print."),
        (
            PermanentFailure("not cs_test_a1B2c3D4e5F6g7H8 of ana@example.org"),
            "shopfolio.tasks.outbox.PermanentFailure: not … of …",
        ),
        (SessionRefused("No such session cs_1"), "shopfolio.ecommerce.exceptions.SessionRefused"),
        (Mute("ana"), f"{Mute.__module__}.Mute"),
    ],
)
def test_an_error_is_told_without_what_it_may_quote(error, words):
    assert words_of_error(error) == words


def test_a_traceback_tells_the_cause_first_and_no_value():
    name = "ana"
    try:
        try:
            raise KeyError(name)
        except KeyError as error:
            raise ValueError(name) from error
    except ValueError as error:
        text = traceback_without_values((ValueError, error, error.__traceback__))

    first, second = text.split("\n\nwhich led to\n\n")
    assert first.splitlines()[-1] == "KeyError"
    assert second.splitlines()[-1] == "ValueError"
    assert "raise KeyError(name)" in first
    assert "'ana'" not in text


def test_what_was_raised_from_none_hides_its_context():
    try:
        try:
            raise KeyError
        except KeyError:
            raise ValueError from None
    except ValueError as error:
        text = traceback_without_values((ValueError, error, error.__traceback__))

    assert "KeyError" not in text.splitlines()


def test_errors_that_lead_to_each_other_are_told_once():
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first

    assert traceback_without_values((ValueError, first, None)).count("Traceback") == 2
