"""Rows for the table of results; `pytest -s` shows them."""

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection


@dataclass
class Row:
    what: str
    outcome: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def __str__(self) -> str:
        came_of_it = ", ".join(f"{number} × {outcome}" for outcome, number in self.outcome.most_common())
        came_of_it = re.sub(r"http://\S+", "one and the same page", came_of_it)
        return f"| {connection.display_name} | {self.what} | {came_of_it} | {self.seconds:.1f} s |"


@contextmanager
def told(what: str) -> Iterator[Row]:
    """Time what happens, and print what came of it."""
    row, start = Row(what), time.monotonic()
    yield row
    row.seconds = time.monotonic() - start
    sys.stdout.write(f"\n{row}\n")
