"""What we ask of a database connection."""

from django.db import connection


def refuse_in_transaction(what: str) -> None:
    """Raise when a transaction is open: a slow network must never hold locks.

    The wrapper that Django's own TestCase puts around a test does not count.
    """
    blocks = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
    if connection.in_atomic_block and blocks:
        raise RuntimeError(f"{what} inside a transaction")
