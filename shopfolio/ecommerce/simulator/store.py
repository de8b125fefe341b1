"""The simulator's state: one SQLite file, one transaction at a time."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shopfolio.ecommerce.simulator.errors import missing
from shopfolio.ecommerce.simulator.objects import Json

SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, seq);
CREATE INDEX IF NOT EXISTS open_session ON object (body ->> 'expires_at')
    WHERE kind = 'checkout.session' AND body ->> 'status' = 'open';
CREATE INDEX IF NOT EXISTS undecided_refund ON object (body ->> '$.later.at')
    WHERE kind = 'refund' AND body ->> '$.later.at' IS NOT NULL;
CREATE TABLE IF NOT EXISTS delivery (
    event TEXT PRIMARY KEY, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due);
CREATE TABLE IF NOT EXISTS answer (
    key TEXT PRIMARY KEY, path TEXT NOT NULL, fingerprint TEXT NOT NULL, request TEXT NOT NULL,
    status INTEGER NOT NULL, body BLOB NOT NULL, created REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answer_created ON answer (created);
"""


@dataclass(frozen=True)
class Answer:
    """What an idempotency key stands for."""

    path: str
    fingerprint: str
    request: str
    status: int
    body: bytes


class Store:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.on_announce: Callable[[], None] = lambda: None
        # One connection and a lock: transactions last a millisecond, and threads take turns, where
        # SQLite's own waiting would have them poll.
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing; only a machine that loses its power may forget the last moments.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> "Iterator[Transaction]":
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            tx = Transaction(self._connection)
            try:
                yield tx
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        if tx.has_news:
            self.on_announce()

    def close(self) -> None:
        with self._lock:
            self._connection.close()


class Transaction:
    """What may be done with the state while no other thread touches it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute: Callable[..., sqlite3.Cursor] = connection.execute
        self.has_news = False

    def add(self, thing: Json) -> None:
        self._execute(
            "INSERT INTO object (id, kind, body) VALUES (?, ?, ?)",
            (thing["id"], thing["object"], json.dumps(thing)),
        )

    def save(self, thing: Json) -> None:
        self._execute("UPDATE object SET body = ? WHERE id = ?", (json.dumps(thing), thing["id"]))

    def get(self, kind: str, id_: str, *, param: str = "id") -> Json:
        """Raises Stripe's 404 when there is none."""
        row = self._execute("SELECT body FROM object WHERE kind = ? AND id = ?", (kind, id_)).fetchone()
        if row is None:
            raise missing(kind, id_, param=param)
        found: Json = json.loads(row[0])
        return found

    def knows(self, id_: str) -> bool:
        return self._execute("SELECT 1 FROM object WHERE id = ?", (id_,)).fetchone() is not None

    def newest_first(self, kind: str, conditions: "Conditions", *, limit: int) -> tuple[list[Json], bool]:
        """One page, and whether there is another one behind it."""
        where, values, backwards = self._where(kind, conditions)
        order = "ASC" if backwards else "DESC"
        # Only names from this module are put into the statement.
        statement = f"SELECT body FROM object WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608
        rows = self._execute(statement, (*values, limit + 1)).fetchall()
        page = [json.loads(row[0]) for row in rows[:limit]]
        return (page[::-1] if backwards else page), len(rows) > limit

    def _where(self, kind: str, conditions: "Conditions") -> tuple[str, list[Any], bool]:
        clauses, values = ["kind = ?"], [kind]
        for path, operator, value in conditions.fields:
            clauses.append(f"body ->> ? {operator} ?")
            values += [path, value]
        if conditions.types:
            clauses.append(f"body ->> 'type' IN ({', '.join('?' * len(conditions.types))})")
            values += conditions.types
        for cursor, operator in ((conditions.starting_after, "<"), (conditions.ending_before, ">")):
            if cursor:
                param = "starting_after" if operator == "<" else "ending_before"
                self.get(kind, cursor, param=param)
                clauses.append(f"seq {operator} (SELECT seq FROM object WHERE id = ?)")  # noqa: S608 - < or >
                values.append(cursor)
        return " AND ".join(clauses), values, bool(conditions.ending_before)

    def overdue_sessions(self, now: int) -> list[str]:
        rows = self._execute(
            "SELECT id FROM object WHERE kind = 'checkout.session' AND body ->> 'status' = 'open'"
            " AND body ->> 'expires_at' <= ? ORDER BY body ->> 'expires_at' LIMIT 100",
            (now,),
        )
        return [row[0] for row in rows]

    def overdue_refunds(self, now: int) -> list[str]:
        rows = self._execute(
            "SELECT id FROM object WHERE kind = 'refund' AND body ->> '$.later.at' IS NOT NULL"
            " AND body ->> '$.later.at' <= ? ORDER BY body ->> '$.later.at' LIMIT 100",
            (now,),
        )
        return [row[0] for row in rows]

    def announce(self, event: Json, *, due: float) -> None:
        """Write the event and its delivery: both, or neither with the change that it tells of."""
        self.has_news = True
        self.add(event)
        self._execute("INSERT INTO delivery (event, due) VALUES (?, ?)", (event["id"], due))

    def next_delivery(self, now: float, *, except_for: set[str]) -> tuple[str, int, str] | None:
        """Event id, attempts so far and body of the delivery that is due longest."""
        marks = ", ".join("?" * len(except_for))
        row = self._execute(
            "SELECT event, attempts, body FROM delivery JOIN object ON object.id = event"  # noqa: S608 - question marks
            f" WHERE due <= ? AND event NOT IN ({marks}) ORDER BY due LIMIT 1",
            (now, *except_for),
        ).fetchone()
        return tuple(row) if row else None

    def delivered(self, event_id: str) -> None:
        self._execute("DELETE FROM delivery WHERE event = ?", (event_id,))
        self._execute(
            "UPDATE object SET body = json_set(body, '$.pending_webhooks', 0) WHERE id = ?", (event_id,)
        )

    def put_off(self, event_id: str, *, due: float) -> None:
        self._execute("UPDATE delivery SET attempts = attempts + 1, due = ? WHERE event = ?", (due, event_id))

    def give_up(self, event_id: str) -> None:
        self._execute("DELETE FROM delivery WHERE event = ?", (event_id,))

    def answer(self, key: str) -> Answer | None:
        columns = "path, fingerprint, request, status, body"
        row = self._execute(f"SELECT {columns} FROM answer WHERE key = ?", (key,)).fetchone()  # noqa: S608
        return Answer(*row) if row else None

    def remember(self, key: str, answer: Answer, *, now: float) -> None:
        self._execute(
            "INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)",
            (key, answer.path, answer.fingerprint, answer.request, answer.status, answer.body, now),
        )

    def forget_answers(self, *, before: float) -> None:
        self._execute("DELETE FROM answer WHERE created < ?", (before,))

    def forget_everything(self) -> None:
        for table in ("object", "delivery", "answer"):
            self._execute(f"DELETE FROM {table}")  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Which objects a list shows. fields: JSON path, comparison, value."""

    fields: tuple[tuple[str, str, Any], ...] = ()
    types: tuple[str, ...] = ()
    starting_after: str = ""
    ending_before: str = ""
