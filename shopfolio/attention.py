"""What waits for the owner. Each app registers what can go wrong in it; the back office shows it on one page.

An app's `attention` module calls `register` and is imported in AppConfig.ready().
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.urls import reverse

MOST = 50
"""Cases of a kind that the page shows; the rest is told as a number."""


@dataclass(frozen=True)
class Link:
    """permissions: any of them opens the page."""

    text: str
    url: str
    permissions: tuple[str, ...] = ()

    @classmethod
    def to(cls, row: Model, text: str = "") -> "Link":
        """The row's own page in the back office."""
        app, model = row._meta.app_label, row._meta.model_name
        address = reverse(f"admin:{app}_{model}_change", args=[row.pk])
        return cls(text or str(row), address, (f"{app}.view_{model}", f"{app}.change_{model}"))

    def opens_for(self, user: Any) -> bool:
        return not self.permissions or any(map(user.has_perm, self.permissions))

    @classmethod
    def to_do(cls, row: Model, action: str, text: Any) -> "Link":
        """Where a POST does one of the row's `row_actions`."""
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_do"
        return cls(str(text), reverse(name, args=[row.pk, action]))


@dataclass(frozen=True)
class Case:
    """One thing that waits for a person. why: in the program's words, such as an error's last line."""

    what: str
    since: datetime
    why: str = ""
    links: list[Link] = field(default_factory=list)
    buttons: list[Link] = field(default_factory=list)


@dataclass(frozen=True)
class Check:
    """A kind of case.

    permission: of who may see it and do something about it. advice: what a person can do.
    waiting: the rows, those first that matter most. cases: rows in words, with a fixed number of queries.
    """

    kind: str
    heading: Any
    advice: Any
    permission: str
    waiting: Callable[[], QuerySet[Any]]
    cases: Callable[[list[Any]], list[Case]]


@dataclass(frozen=True)
class Group:
    check: Check
    cases: list[Case]
    total: int

    def for_user(self, user: Any) -> "Group":
        """Without links to pages that this person may not open."""
        cases = [
            replace(case, links=[link for link in case.links if link.opens_for(user)]) for case in self.cases
        ]
        return replace(self, cases=cases)

    @property
    def more(self) -> int:
        return self.total - len(self.cases)


CHECKS: dict[str, Check] = {}
SUBJECTS: dict[str, Callable[[list[str]], dict[str, Link]]] = {}
"""A job's argument, such as `order_id`, and what finds the pages of such things by their keys."""


def register(check: Check) -> None:
    CHECKS[check.kind] = check


def for_user(user: Any) -> list[Check]:
    return [check for check in CHECKS.values() if user.has_perm(check.permission)]


def look(checks: list[Check]) -> list[Group]:
    """What waits now, without the kinds of which nothing does."""
    return [group for group in map(look_at, checks) if group.total]


def look_at(check: Check) -> Group:
    rows = list(check.waiting()[: MOST + 1])
    total = len(rows) if len(rows) <= MOST else check.waiting().count()
    return Group(check, check.cases(rows[:MOST]) if rows else [], total)


def count(checks: list[Check]) -> int:
    return sum(check.waiting().count() for check in checks)


def only_keys(words: list[str]) -> list[UUID]:
    """Those that can be a row's key: a job may have been given anything."""
    found = []
    for word in words:
        with suppress(ValueError):
            found.append(UUID(word))
    return found


def last_line(error: str) -> str:
    """Of a traceback: what went wrong. Our own errors speak for themselves, without their class."""
    lines = error.strip().splitlines()
    return re.sub(r"^shopfolio\.[\w.]+: ", "", lines[-1])[:300] if lines else ""
