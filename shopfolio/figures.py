"""What the back office's first page counts, day by day. Each app registers its own in AppConfig.ready().

Days are those of the site's TIME_ZONE.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Aggregate, QuerySet
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

DAYS = 30

ByDay = dict[date, int]


@dataclass(frozen=True)
class Figure:
    """permission: of who may see it. by_day: since a moment; days without anything are left out.

    shown: the figure in words, for money with its currency.
    """

    name: str
    label: Any
    permission: str
    page: str
    """The name of the back office's page that has the rows."""
    by_day: Callable[[datetime], ByDay]
    shown: Callable[[int], str] = str


@dataclass(frozen=True)
class Day:
    day: date
    amount: int
    shown: str
    height: int
    """Of a hundred; a day with something has at least two."""

    @property
    def top(self) -> int:
        return 100 - self.height


@dataclass(frozen=True)
class Course:
    """A figure over the last thirty days, beside the thirty before."""

    figure: Figure
    days: list[Day]
    today: str
    total: str
    before: str
    url: str


@dataclass(frozen=True)
class Task:
    """Everyday work that is waiting, as a number and a sentence. one, many: "%(count)d order to send"."""

    name: str
    one: Any
    many: Any
    permission: str
    page: str
    query: str
    count: Callable[[], int]


FIGURES: dict[str, Figure] = {}
TASKS: dict[str, Task] = {}


def register(figure: Figure) -> None:
    FIGURES[figure.name] = figure


def register_task(task: Task) -> None:
    TASKS[task.name] = task


def tasks_for(user: Any) -> list[tuple[str, str]]:
    """What waits for this person, in words, each with the page where it is done."""
    found = []
    for task in TASKS.values():
        if user.has_perm(task.permission) and (count := task.count()):
            words = (task.one if count == 1 else task.many) % {"count": count}
            found.append((words, f"{reverse(task.page)}?{task.query}"))
    return found


def for_user(user: Any) -> list[Course]:
    """What this person may see, with a fixed number of queries."""
    return [course_of(figure) for figure in FIGURES.values() if user.has_perm(figure.permission)]


def course_of(figure: Figure) -> Course:
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    start = datetime.combine(first - timedelta(days=DAYS), time(), timezone.get_current_timezone())
    found = figure.by_day(start)
    amounts = [found.get(first + timedelta(days=number), 0) for number in range(DAYS)]
    most = max(1, *amounts)
    days = [
        Day(first + timedelta(days=number), amount, figure.shown(amount), bar(amount, most))
        for number, amount in enumerate(amounts)
    ]
    before = sum(amount for day, amount in found.items() if day < first)
    return Course(
        figure,
        days,
        today=figure.shown(amounts[-1]),
        total=figure.shown(sum(amounts)),
        before=figure.shown(before),
        url=reverse(figure.page),
    )


def bar(amount: int, most: int) -> int:
    return max(2, 100 * amount // most) if amount > 0 else 0


def per_day(rows: QuerySet[Any], moment: str, what: Aggregate, since: datetime) -> ByDay:
    """The aggregate of the rows of each day since a moment; moment: the column that says when."""
    counted = (
        rows.filter(**{f"{moment}__gte": since})
        .order_by()
        .annotate(figure_day=TruncDate(moment))
        .values("figure_day")
        .annotate(figure=what)
    )
    return dict(counted.values_list("figure_day", "figure"))
