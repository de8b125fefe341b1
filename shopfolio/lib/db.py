"""What we ask of a database connection."""

from django.db import connection


def refuse_in_transaction(what: str) -> None:
    """Raise when a transaction is open: a slow network must never hold locks.

    The wrapper that Django's own TestCase puts around a test does not count.
    """
    if in_transaction():
        raise RuntimeError(f"{what} inside a transaction")


def require_transaction(what: str) -> None:
    """Raise when no transaction is open: what belongs together must come about together."""
    if not in_transaction():
        raise RuntimeError(f"{what} outside a transaction")


def in_transaction() -> bool:
    blocks = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
    return connection.in_atomic_block and bool(blocks)
