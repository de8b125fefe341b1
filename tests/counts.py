"""How often a test does the same thing: a few times in `make test`, as often as promised in `make soak`."""

import os
import sys


def count(reduced: int, full: int) -> int:
    return full if os.environ.get("SOAK") else reduced


def tell(*cells: object) -> None:
    """A row for the table of results; `make soak` shows it."""
    sys.stdout.write(f"\n| {' | '.join(map(str, cells))} |\n")
