"""Real threads with connections of their own, let go at the same moment."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import connection


def all_at_once(number: int, act: Callable[[int], Any]) -> Counter[str]:
    """What came of it, counted: the result in words, or the error's name."""
    start = threading.Barrier(number)
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def run(index: int) -> None:
        start.wait()
        try:
            outcome = str(act(index))
        except Exception as error:  # the test looks at what went wrong
            outcome = type(error).__name__
        finally:
            connection.close()
        with lock:
            outcomes[outcome] += 1

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
