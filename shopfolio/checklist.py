"""What a new site still needs before it is its owner's. Apps declare their steps in `AppConfig.ready()`.

checklist.register(Step(kind="policies", position=40, …))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shopfolio.attention import Link


@dataclass(frozen=True)
class State:
    """How far a step is. words: in a sentence. is_under_way: soon there is more to say."""

    is_done: bool
    words: Any = ""
    is_under_way: bool = False


@dataclass(frozen=True)
class Step:
    """why: in a sentence. look: for whoever asks. link: where it is done. test: what the button does."""

    kind: str
    position: int
    heading: Any
    why: Any
    look: Callable[[Any], State]
    link: Callable[[], Link] | None = None
    test: Callable[[Any], None] | None = None
    button: Any = ""
    is_optional: bool = False


@dataclass(frozen=True)
class Entry:
    step: Step
    state: State

    @property
    def has_test(self) -> bool:
        """For templates, which would call the test itself."""
        return self.step.test is not None

    @property
    def link(self) -> Link | None:
        return self.step.link() if self.step.link else None


@dataclass(frozen=True)
class Checklist:
    entries: list[Entry]

    @property
    def needed(self) -> list[Entry]:
        return [entry for entry in self.entries if not entry.step.is_optional]

    @property
    def done(self) -> int:
        return sum(entry.state.is_done for entry in self.needed)

    @property
    def total(self) -> int:
        return len(self.needed)

    @property
    def next(self) -> Entry | None:
        return next((entry for entry in self.needed if not entry.state.is_done), None)

    @property
    def is_under_way(self) -> bool:
        return any(entry.state.is_under_way for entry in self.entries)


STEPS: dict[str, Step] = {}


def register(step: Step) -> None:
    STEPS[step.kind] = step


def look(user: Any) -> Checklist:
    steps = sorted(STEPS.values(), key=lambda step: step.position)
    return Checklist([Entry(step, step.look(user)) for step in steps])
