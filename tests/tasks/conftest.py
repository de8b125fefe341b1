from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from shopfolio.tasks import outbox


@pytest.fixture(autouse=True)
def _own_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    for name in ("HANDLERS", "EVERY", "WHEN"):
        monkeypatch.setattr(outbox, name, dict(getattr(outbox, name)))


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    rung: list[Any] = []
    monkeypatch.setattr(outbox, "ring", rung.append)
    return rung


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as moved:
        yield moved
