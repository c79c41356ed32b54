"""The sandbox's state, in one SQLite file."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, customer TEXT,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (kind, customer, seq);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, due REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0
);
"""
Json = dict[str, Any]


class Answer(NamedTuple):
    """What an idempotency key answered. `fingerprint` tells its request from another one."""

    fingerprint: str
    status: int
    body: str


class Delivery(NamedTuple):
    """A webhook that is still to be delivered; `tries` have failed."""

    seq: int
    event: str
    tries: int


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


class Store:
    """Objects by id, answers by idempotency key, and webhooks on their way. For one thread."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-512;" + SCHEMA
        )

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def save(self, thing: Json) -> Json:
        """Add an object or replace it: its `object` is its kind, its `customer` what it is listed by."""
        self._db.execute(
            "INSERT INTO objects (id, kind, customer, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body, customer = excluded.customer",
            (thing["id"], thing["object"], thing.get("customer"), json.dumps(thing)),
        )
        return thing

    def get(self, kind: str, identity: str) -> Json | None:
        row = self._db.execute(
            "SELECT body FROM objects WHERE id = ? AND kind = ?", (identity, kind)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def newest(
        self, kind: str, *, customer: str | None = None, before: str | None = None, limit: int = 100
    ) -> list[Json]:
        """Newest first; `before` is the id of the last one of the page before."""
        rows = self._db.execute(
            "SELECT body FROM objects WHERE kind = :kind AND (:customer IS NULL OR customer = :customer) "
            "AND (:before IS NULL OR seq < (SELECT seq FROM objects WHERE id = :before)) "
            "ORDER BY seq DESC LIMIT :limit",
            {"kind": kind, "customer": customer, "before": before, "limit": limit},
        )
        return [json.loads(body) for (body,) in rows]

    def answer(self, key: str) -> Answer | None:
        row = self._db.execute(
            "SELECT fingerprint, status, body FROM answers WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else Answer(*row)

    def keep_answer(self, key: str, answer: Answer) -> None:
        self._db.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, *answer))

    def schedule(self, event: str, due: float) -> None:
        self._db.execute("INSERT INTO deliveries (event, due) VALUES (?, ?)", (event, due))

    def due(self, now: float, limit: int) -> Sequence[Delivery]:
        rows = self._db.execute(
            "SELECT seq, event, tries FROM deliveries WHERE due <= ? ORDER BY seq LIMIT ?", (now, limit)
        )
        return [Delivery(*row) for row in rows]

    def next_due(self) -> float | None:
        moment: float | None = self._db.execute("SELECT min(due) FROM deliveries").fetchone()[0]
        return moment

    def delivered(self, delivery: Delivery) -> None:
        self._db.execute("DELETE FROM deliveries WHERE seq = ?", (delivery.seq,))

    def postpone(self, delivery: Delivery, due: float) -> None:
        self._db.execute(
            "UPDATE deliveries SET due = ?, tries = tries + 1 WHERE seq = ?", (due, delivery.seq)
        )

    def clear(self) -> None:
        """Forget everything."""
        self._db.executescript("DELETE FROM objects; DELETE FROM answers; DELETE FROM deliveries;")
