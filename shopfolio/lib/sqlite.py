"""Which SQLite the process uses."""

import sqlite3
import sys

SAFE = (3, 51, 3)
"""From here on two writers cannot corrupt a write-ahead log; https://sqlite.org/wal.html#walresetbug."""


def use_safe_sqlite() -> None:
    """Put the pysqlite3 wheel in the place of a Python's own SQLite that is too old.

    Must run before Django imports its database backend.
    """
    if sqlite3.sqlite_version_info >= SAFE:
        return
    import pysqlite3

    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
