"""What we ask of a database connection."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet

A_BATCH = 500
"""Rows that are deleted at once, so that nobody else waits long for the database."""


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


def renew_connection() -> None:
    """Open another one when this was cut, so that what comes next is not lost to what went before."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def delete_in_batches(rows: QuerySet[Any]) -> None:
    """Those that still fit when their turn has come, each batch in a transaction of its own."""
    refuse_in_transaction("deleting in batches")
    rows = rows.order_by()
    while keys := list(rows.values_list("pk", flat=True)[:A_BATCH]):
        rows.filter(pk__in=keys).delete()


def storable(value: Any) -> Any:
    """What came as JSON, without the signs that PostgreSQL cannot keep: NUL, and halves of a pair."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(name): storable(each) for name, each in value.items()}
    return value
