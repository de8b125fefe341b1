"""How often a test does the same thing: a few times in `make test`, as often as promised in `make soak`."""

import os


def count(reduced: int, full: int) -> int:
    return full if os.environ.get("SOAK") else reduced
