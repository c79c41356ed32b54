"""What the queue writes down about jobs, and forgets again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.db.database import Database
from shared.jobs import worker
from shared.jobs.held_jobs import purge_log
from testing.databases import record_queries

_WRITE = text(
    "INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority, created)"
    " SELECT n, 'successful', 'things.do', 0, now() - make_interval(days => n) FROM generate_series(1, 10) AS n"
)
_KEPT = text("SELECT job_id FROM pgqueuer_log ORDER BY job_id")


async def test_only_what_is_old_is_forgotten(committed_db: Database) -> None:
    async with committed_db.session() as session:
        await session.execute(_WRITE)
    async with committed_db.session() as session:
        assert await purge_log(session, older_than=timedelta(days=7, hours=1)) == 3
    async with committed_db.read(fresh=True) as connection:
        assert list((await connection.execute(_KEPT)).scalars()) == [1, 2, 3, 4, 5, 6, 7]


async def test_much_is_forgotten_in_several_transactions(
    committed_db: Database, runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with committed_db.session() as session:
        await session.execute(_WRITE)
    async with committed_db.session() as session:
        assert await purge_log(session, older_than=timedelta(days=8, hours=1), most=1) == 1
    monkeypatch.setattr(worker, "PURGED_AT_ONCE", 1)
    with record_queries() as queries:
        await worker.PURGE_LOG.handler(runtime)
    assert len(queries) == 4  # one for each of 7, 8 and 9 days, and one that finds nothing
    async with committed_db.read(fresh=True) as connection:
        assert list((await connection.execute(_KEPT)).scalars()) == [1, 2, 3, 4, 5, 6]
