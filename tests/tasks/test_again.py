"""Doing once more what was done, given up, or waits for its next try."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import HANDLERS, do_again, enqueue, job, run_due_jobs, try_now

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the jobs were given, in the order in which they ran."""
    monkeypatch.setattr("shopfolio.tasks.outbox.HANDLERS", dict(HANDLERS))
    given: list[str] = []
    job("tests.job")(lambda what: given.append(what))
    return given


def again(what: str = "x") -> None:
    do_again("tests.job", key="a", what=what)


def keys() -> list[str]:
    return list(Job.objects.order_by("created").values_list("key", flat=True))


def test_what_was_never_asked_for_is_done_under_its_own_key(ran: list[str]) -> None:
    again()
    run_due_jobs()

    assert (ran, keys()) == (["x"], ["a"])


def test_what_was_done_is_done_once_more_each_time(ran: list[str]) -> None:
    enqueue("tests.job", key="a", what="x")
    run_due_jobs()

    for _ in range(2):
        again()
        run_due_jobs()

    assert (ran, keys()) == (["x"] * 3, ["a", "a-again-1", "a-again-2"])


def test_two_clicks_are_one_repeat(ran: list[str]) -> None:
    enqueue("tests.job", key="a", what="x")
    run_due_jobs()

    again()
    again()
    run_due_jobs()

    assert (ran, keys()) == (["x"] * 2, ["a", "a-again-1"])


def test_what_was_given_up_gets_its_tries_back(ran: list[str]) -> None:
    row = enqueue("tests.job", key="a", what="x")
    Job.objects.filter(pk=row.pk).update(status=Job.Status.DEAD, attempts=10)

    again()
    run_due_jobs()

    assert (ran, keys()) == (["x"], ["a"])


@pytest.mark.parametrize("ask", [again, lambda: try_now(Job.objects.get())], ids=["do_again", "try_now"])
def test_what_waits_for_its_next_try_has_it_at_once(ran: list[str], ask: Any) -> None:
    enqueue("tests.job", key="a", delay=timedelta(hours=1), what="x")

    ask()
    run_due_jobs()

    assert (ran, keys()) == (["x"], ["a"])


def test_what_somebody_is_at_is_left_to_them(ran: list[str]) -> None:
    row = enqueue("tests.job", key="a", delay=timedelta(hours=1), what="x")
    held = {"owner": "another", "lease_until": timezone.now() + timedelta(minutes=1)}
    Job.objects.filter(pk=row.pk).update(**held)

    try_now(row)

    row.refresh_from_db()
    assert row.due_at > timezone.now()
    assert (row.owner, run_due_jobs(), ran) == ("another", 0, [])


def test_keys_that_only_begin_alike_have_nothing_to_do_with_each_other(ran: list[str]) -> None:
    enqueue("tests.job", key="ab", what="other")
    enqueue("tests.other", key="a", delay=timedelta(hours=1))

    again()
    run_due_jobs()

    assert sorted(ran) == ["other", "x"]
    assert Job.objects.get(name="tests.other").due_at > timezone.now()
