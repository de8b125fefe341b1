"""Many at once, and a counter: exactly so many pass as may."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import time_machine
from django.db.models import F
from django.test import Client

from shopfolio.core.models import ContactMessage, Subscriber
from shopfolio.users import limits
from shopfolio.users.models import Tally
from tests.counts import count
from tests.race.threads import all_at_once
from tests.users.people import run_jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

TOGETHER = 20
"""Threads; each has a connection of its own, and PostgreSQL has not many to give."""

TIMES = count(5, 50)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MESSAGE = {"name": "Ana", "email": "ana@example.org", "message": "Hello"}


@pytest.fixture(autouse=True)
def _within_one_minute():
    """However long a slow machine takes for them, or five more would pass in the next one."""
    with time_machine.travel(NOON, tick=False):
        yield


def post_often(path, fields):
    """How many of the posts got each status."""
    statuses: Counter[int] = Counter()

    def post(number):
        client = Client()
        statuses.update(client.post(path, fields(number)).status_code for _ in range(TIMES))

    assert all_at_once(TOGETHER, post) == {"None": TOGETHER}
    return statuses


def test_of_a_hundred_messages_at_once_five_are_taken():
    statuses = post_often("/contact/", lambda number: MESSAGE)

    assert statuses == {303: 5, 429: TOGETHER * TIMES - 5}
    assert ContactMessage.objects.count() == 5
    assert dict(Tally.objects.values_list("scope", "count")) == {
        "contact/network/60": 5, "contact/network/3600": 5, "contact/region/3600": 5,
        "contact/all/3600": 5,
    }  # fmt: skip


def test_of_a_hundred_subscriptions_at_once_five_are_taken():
    statuses = post_often("/newsletter/", lambda number: {"email": f"ana{number}@example.org"})

    assert statuses == {303: 5, 429: TOGETHER * TIMES - 5}
    run_jobs("core.subscribe")
    assert 1 <= Subscriber.objects.count() <= 5


def test_control_a_counter_that_reads_first_lets_more_through(monkeypatch):
    def reads_then_writes(tally, *, most, seconds, now):
        row = Tally.objects.filter(**tally).first()
        if row is None or row.count >= most:
            return False
        Tally.objects.filter(pk=row.pk).update(count=F("count") + 1)
        return True

    monkeypatch.setattr(limits, "has_room", reads_then_writes)

    statuses = post_often("/contact/", lambda number: MESSAGE)

    assert statuses[303] > 5
