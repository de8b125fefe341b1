"""How often somebody may do something."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import RequestFactory
from django.utils import timezone

from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import enqueue, run_job
from shopfolio.users.limits import DAY, HOUR, MINUTE, Limits, TooMany, in_words, may_be_mailed
from shopfolio.users.models import Tally

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIMITS = Limits("test", per_network={MINUTE: 2, HOUR: 3}, for_all={HOUR: 4})


def visitor(address):
    return RequestFactory().get("/", headers={"X-Forwarded-For": address})


def passes(limits, where="203.0.113.5", *, times=1, **kwargs):
    """Which of so many tries in a row are let through."""
    outcome = []
    for _ in range(times):
        try:
            limits.count(visitor(where), **kwargs)
            outcome.append(True)
        except TooMany:
            outcome.append(False)
    return outcome


def test_so_many_pass_and_then_none_until_the_time_is_over():
    with time_machine.travel(NOON, tick=False) as clock:
        assert passes(LIMITS, times=4) == [True, True, False, False]
        clock.shift(timedelta(seconds=59))
        assert passes(LIMITS) == [False]
        clock.shift(timedelta(seconds=1))
        assert passes(LIMITS, times=2) == [True, False], "the hour's third, and its last"
        clock.shift(timedelta(minutes=58))
        assert passes(LIMITS) == [False]
        clock.shift(timedelta(minutes=1))
        assert passes(LIMITS, times=2) == [True, True]


def test_who_is_stopped_is_told_for_how_long():
    with time_machine.travel(NOON, tick=False) as clock:
        passes(LIMITS, times=2)
        clock.shift(timedelta(seconds=17.5))

        with pytest.raises(TooMany, match="Please try again in a minute") as refused:
            LIMITS.count(visitor("203.0.113.5"))

    assert refused.value.seconds == 43


def test_who_is_stopped_early_uses_up_nothing_of_the_rest():
    passes(LIMITS, times=50)

    assert dict(Tally.objects.values_list("scope", "count")) == {
        "test/network/60": 2,
        "test/network/3600": 2,
        "test/all/3600": 2,
    }


@pytest.mark.parametrize(
    ("first", "second", "is_shared"),
    [
        ("203.0.113.5", "203.0.113.250", True),
        ("203.0.113.5", "203.0.114.5", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.5", "203.0.113.77", True),
    ],
)
def test_neighbours_share_a_limit(first, second, is_shared):
    limits = Limits("test", per_network={MINUTE: 1})

    assert passes(limits, first) == [True]
    assert passes(limits, second) == [not is_shared]


@pytest.mark.parametrize("address", ["203.0.{}.1", "2001:db8:1:{}::1"])
def test_many_networks_of_one_provider_have_a_limit_too(address):
    limits = Limits("test", per_network={MINUTE: 1}, per_region={HOUR: 3}, for_all={HOUR: 100})

    assert [passes(limits, address.format(number)) for number in range(4)] == [
        [True],
        [True],
        [True],
        [False],
    ]
    assert passes(limits, "198.51.100.1") == passes(limits, "2001:db8:2::1") == [True]


def test_all_together_have_a_limit_too():
    limits = Limits("test", per_network={HOUR: 1}, for_all={HOUR: 2})

    assert [passes(limits, f"203.0.{number}.1") for number in range(4)] == [[True], [True], [False], [False]]


def test_what_is_done_elsewhere_does_not_count():
    assert passes(Limits("one", per_network={MINUTE: 1})) == [True]
    assert passes(Limits("two", per_network={MINUTE: 1})) == [True]


def test_an_address_is_counted_in_any_case_wherever_it_comes_from():
    limits = Limits("test", per_address={DAY: 1})

    assert passes(limits, "203.0.113.5", address="Ana@example.org") == [True]
    assert passes(limits, "198.51.100.1", address="ana@EXAMPLE.org") == [False]
    assert passes(limits, "203.0.113.5", address="rui@example.org") == [True]


def test_who_has_no_address_is_not_counted_with_others_who_have_none():
    assert passes(Limits("test", per_address={DAY: 1}), times=3) == [True] * 3


def test_three_mails_a_day_go_to_who_did_not_ask():
    with time_machine.travel(NOON, tick=False) as clock:
        assert [may_be_mailed("ana@example.org") for _ in range(5)] == [True, True, True, False, False]
        assert may_be_mailed("rui@example.org")
        clock.shift(timedelta(days=1))
        assert may_be_mailed("ana@example.org")


def test_the_counters_tell_nobodys_address():
    passes(Limits("test", per_network={MINUTE: 1}, per_address={MINUTE: 1}), address="ana@example.org")

    kept = str(list(Tally.objects.values()))
    assert "ana" not in kept
    assert "203.0" not in kept


def test_counters_whose_time_is_over_are_forgotten():
    passes(LIMITS)
    Tally.objects.filter(scope="test/network/60").update(ends_at=timezone.now() - timedelta(seconds=1))

    run_job(enqueue("users.forget_tallies", key="once").pk)

    assert Job.objects.get().status == Job.Status.DONE
    assert set(Tally.objects.values_list("scope", flat=True)) == {"test/network/3600", "test/all/3600"}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "a minute"), (60, "a minute"), (61, "2 minutes"), (3_540, "59 minutes"), (3_541, "an hour"),
     (3_601, "2 hours"), (86_400, "24 hours")],
)  # fmt: skip
def test_a_time_to_wait_is_said_in_words(seconds, words):
    assert in_words(seconds) == words


def test_what_turned_out_to_be_no_harm_is_given_back():
    limits = Limits("test", per_address={HOUR: 2}, for_all={HOUR: 9})
    passes(limits, address="ana@example.org", times=2)
    assert passes(limits, address="ana@example.org") == [False]

    limits.give_back(address="Ana@example.org")

    assert passes(limits, address="ana@example.org", times=2) == [True, False]
    assert Tally.objects.get(scope="test/all/3600").count == 2


def test_nothing_is_given_back_that_was_not_counted():
    limits = Limits("test", per_address={HOUR: 1})

    limits.give_back(address="ana@example.org")

    assert passes(limits, address="ana@example.org", times=2) == [True, False]


def test_a_view_that_counts_counts_what_is_posted():
    view = Limits("test", per_network={HOUR: 1}).on(lambda request: request.method)

    assert [view(RequestFactory().get("/")) for _ in range(3)] == ["GET"] * 3
    assert view(RequestFactory().post("/")) == "POST"
    with pytest.raises(TooMany):
        view(RequestFactory().post("/"))
    assert view(RequestFactory().get("/")) == "GET"


OTHER_SPELLINGS = [
    "ana@exa\u00admple.org", "ana@ｅxample.org", "ana+1@example.org", "a.na@example.org",
    '"ana"@example.org', '"a\\na"@example.org',
]  # fmt: skip
"""Mail servers take them, or many of them do, to where ana@example.org is."""


@pytest.mark.parametrize("spelling", OTHER_SPELLINGS)
def test_three_mails_a_day_go_to_one_mailbox_however_it_is_spelled(spelling):
    for _ in range(3):
        may_be_mailed("ana@example.org")

    assert not may_be_mailed(spelling)


@pytest.mark.parametrize("spelling", OTHER_SPELLINGS)
def test_codes_are_counted_by_mailbox_however_it_is_spelled(client, spelling):
    for number in range(5):
        visitor = {"X-Forwarded-For": f"203.0.{number}.5"}
        client.post("/account/login/code/", {"email": "ana@example.org"}, headers=visitor)

    assert client.post("/account/login/code/", {"email": spelling}).status_code == 429
