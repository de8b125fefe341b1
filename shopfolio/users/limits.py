"""How often: counters in the database, which every process of every shape of the site shares.

CONTACT = Limits("contact", per_network={MINUTE: 5, HOUR: 30}, for_all={HOUR: 200})
CONTACT.count(request)  # raises TooMany
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from math import ceil
from typing import Any

from django.core.cache import cache
from django.db.models import Case, F, Q, Value, When
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, ngettext
from redis import RedisError

from shopfolio.lib.http import visitors_network, visitors_region
from shopfolio.lib.mailboxes import mailbox
from shopfolio.users.models import Tally

MINUTE, HOUR, DAY = 60, 3_600, 86_400

Rates = Mapping[int, int]
"""Seconds, and how often within them. The shortest first: who is stopped there uses up none of the rest."""


class TooMany(Exception):
    """Somebody is too quick. The message is for them to read."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.message = gettext("That was a lot at once. Please try again in %(wait)s.") % {
            "wait": in_words(seconds)
        }
        super().__init__(self.message)


@dataclass(frozen=True)
class Limits:
    """How often something may be done by one network, by one region, for one e-mail address, and by all.

    per_address: of those who have one; nobody's is not counted.
    per_region: for whoever has many networks, and less than all may, lest one of them keeps everybody out.
    """

    scope: str
    per_network: Rates = field(default_factory=dict)
    per_region: Rates = field(default_factory=dict)
    per_address: Rates = field(default_factory=dict)
    for_all: Rates = field(default_factory=dict)

    def count(self, request: HttpRequest | None = None, *, address: str = "") -> None:
        """Count this time. Raises TooMany, and counts no further, once it is one too many.

        Within a transaction the counter's row stays locked until that ends, so it should end soon.
        """
        for scope, who, seconds, most in self.parts(request, address):
            take(scope, who, most=most, seconds=seconds)

    def on(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        """The view, counting what is posted to it."""

        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                self.count(request)
            return view(request, *args, **kwargs)

        return counted

    def give_back(self, request: HttpRequest | None = None, *, address: str = "") -> None:
        """As if it had not been counted: for what turns out to be no harm."""
        for scope, who, _seconds, _most in self.parts(request, address):
            counted = Tally.objects.filter(scope=scope, who=pseudonym(scope, who), count__gt=0)
            counted.update(count=F("count") - 1)

    def parts(self, request: HttpRequest | None, address: str) -> Iterator[tuple[str, str, int, int]]:
        network = visitors_network(request) if request else ""
        region = visitors_region(request) if request and self.per_region else ""
        kinds = (
            ("network", self.per_network, network),
            ("region", self.per_region, region),
            ("address", self.per_address if address else {}, address),
            ("all", self.for_all, ""),
        )
        for kind, rates, who in kinds:
            for seconds, most in rates.items():
                yield f"{self.scope}/{kind}/{seconds}", who, seconds, most


MAILS_TO_STRANGERS = Limits("mail", per_address={DAY: 3})
"""Mails to one address that anybody can cause by typing it into a form, of every kind together."""


def may_be_mailed(address: str) -> bool:
    """Whether one more mail may go to an address that a stranger typed; counts it."""
    try:
        MAILS_TO_STRANGERS.count(address=mailbox(address))
    except TooMany:
        return False
    return True


def slow_down(request: HttpRequest, scope: str, *, most: int) -> None:
    """For what is only read: how often a network may in a minute. Raises TooMany.

    Counted in the cache, for a write to the database would cost more than the answer: each process counts for
    itself where there is no Redis. While Redis is away nobody is counted.
    """
    now = int(time.time())
    key = f"{scope}/{pseudonym(scope, visitors_network(request))}/{now // MINUTE}"
    try:
        cache.add(key, 0, MINUTE)
        count = cache.incr(key)
    except (ValueError, RedisError):  # ValueError: thrown out of a full cache in between
        return
    if count > most:
        raise TooMany(MINUTE - now % MINUTE)


def take(scope: str, who: str, *, most: int, seconds: int) -> None:
    """One more within the time that began with the first; raises TooMany if there is no room.

    One conditional update decides, so that two at once never both get the last place.
    """
    tally = {"scope": scope, "who": pseudonym(scope, who)}
    now = timezone.now()
    if has_room(tally, most=most, seconds=seconds, now=now):
        return
    ends = now + timedelta(seconds=seconds)
    Tally.objects.bulk_create([Tally(**tally, ends_at=ends)], ignore_conflicts=True)
    if not has_room(tally, most=most, seconds=seconds, now=now):
        ends = Tally.objects.filter(**tally).values_list("ends_at", flat=True).first() or ends
        raise TooMany(max(1, ceil((ends - now).total_seconds())))


def has_room(tally: dict[str, str], *, most: int, seconds: int, now: datetime) -> bool:
    over = Q(ends_at__lte=now)
    return bool(
        Tally.objects.filter(over | Q(count__lt=most), **tally).update(
            count=Case(When(over, then=1), default=F("count") + 1),
            ends_at=Case(When(over, then=Value(now + timedelta(seconds=seconds))), default=F("ends_at")),
            modified=now,
        )
    )


def pseudonym(scope: str, who: str) -> str:
    """What is kept in the place of an address, so that the table tells nobody's."""
    return salted_hmac(f"shopfolio.limits.{scope}", who.lower(), algorithm="sha256").hexdigest()[:32]


def in_words(seconds: int) -> str:
    minutes = ceil(seconds / MINUTE)
    if minutes < 60:
        return ngettext("a minute", "%(count)d minutes", minutes) % {"count": minutes}
    hours = ceil(seconds / HOUR)
    return ngettext("an hour", "%(count)d hours", hours) % {"count": hours}
