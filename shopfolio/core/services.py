import threading
import time
from dataclasses import dataclass

from shopfolio.core.models import Policy, Profile
from shopfolio.core.page_cache import generation

SITE_LIVES = 60
"""Seconds; a change made past the admin shows after this time at the latest."""


@dataclass(frozen=True)
class Site:
    """What every page shows: its owner, and the policies linked at the foot."""

    profile: Profile
    policies: list[Policy]


_kept = threading.local()


def site() -> Site:
    now, current = time.monotonic(), generation()
    kept = getattr(_kept, "entry", None)
    if kept and kept[0] == current and kept[1] > now:
        return kept[2]  # type: ignore[no-any-return]
    fresh = Site(profile=Profile.load(), policies=list(Policy.objects.live().only("title", "slug")))
    _kept.entry = (current, now + SITE_LIVES, fresh)
    return fresh


def forget_site() -> None:
    _kept.entry = None
