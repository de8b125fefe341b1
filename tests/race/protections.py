"""Switches off, one at a time, what keeps two at once apart; so that a test sees what it is there for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.db.models.constraints import BaseConstraint


class Meeting:
    """Two wait for each other here, each the first time it comes.

    sure: nothing keeps them apart, so it is a failure when one does not come. Else there may be a lock that
    lets only one through, which goes on alone after a while.
    """

    def __init__(self, *, sure: bool) -> None:
        self._sure, self._barrier, self._mine = sure, threading.Barrier(2), threading.local()

    def wait(self) -> None:
        if hasattr(self._mine, "was_here"):
            return
        self._mine.was_here = True
        try:
            self._barrier.wait(20 if self._sure else 0.5)
        except threading.BrokenBarrierError:
            if self._sure:
                raise


def meet_after(patch: pytest.MonkeyPatch, meeting: Meeting, owner: Any, name: str) -> None:
    real = getattr(owner, name)

    def do_and_wait(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        meeting.wait()
        return result

    patch.setattr(owner, name, do_and_wait)


def without_row_locks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows.all())


def without_condition(patch: pytest.MonkeyPatch, module: Any) -> None:
    """The module's updates no longer ask whether enough is there."""
    patch.setattr(module, "Q", lambda **conditions: Q())


def look_then_write(patch: pytest.MonkeyPatch, module: Any, look: Callable[[str], int]) -> None:
    """The module adds in Python to what it saw, where it let the database add."""
    patch.setattr(module, "F", look)


@contextmanager
def without_constraints(model: type[Model], *names: str) -> Iterator[None]:
    """Dropped from the database of the test, and put back once its rows are gone."""
    all_of_them = model._meta.constraints
    dropped = [constraint for constraint in all_of_them if constraint.name in names]
    assert len(dropped) == len(names)
    # SQLite makes such a table anew, with the constraints that the model names then.
    model._meta.constraints = [constraint for constraint in all_of_them if constraint not in dropped]
    change_constraints("remove_constraint", model, dropped)
    try:
        yield
    finally:
        call_command("flush", interactive=False, verbosity=0)
        model._meta.constraints = all_of_them
        change_constraints("add_constraint", model, dropped)


@contextmanager
def without_unique(model: type[Model], name: str) -> Iterator[None]:
    """As above, for a field that says itself that it is unique."""
    unique = model._meta.get_field(name)
    plain = unique.clone()
    plain.set_attributes_from_name(name)
    plain.model, plain._unique = model, False
    with connection.schema_editor() as editor:
        editor.alter_field(model, unique, plain)
    try:
        yield
    finally:
        call_command("flush", interactive=False, verbosity=0)
        with connection.schema_editor() as editor:
            editor.alter_field(model, plain, unique)


def change_constraints(how: str, model: type[Model], constraints: list[BaseConstraint]) -> None:
    with connection.schema_editor() as editor:
        for constraint in constraints:
            getattr(editor, how)(model, constraint)
