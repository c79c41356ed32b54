"""shared.jobs.enqueue, in the caller's transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from sqlalchemy import text

from shared.db.database import Database
from shared.jobs import enqueue, enqueue_many
from shared.jobs.enqueue import STATEMENT
from testing.jobs import enqueued


def test_the_statement_is_pgqueuers() -> None:
    """A new version may enqueue in another way, to which its worker holds."""
    assert STATEMENT.split() == QueryQueueBuilder().build_enqueue_query("skip").split()


async def test_a_job_exists_when_its_transaction_commits(committed_db: Database) -> None:
    async with committed_db.session() as session:
        await enqueue(session, "greet", {"name": "Kim"})
        assert await enqueued(committed_db) == []
    assert await enqueued(committed_db) == [("greet", {"name": "Kim"})]


async def test_a_job_is_gone_with_its_transaction(committed_db: Database) -> None:
    async def fail() -> None:
        async with committed_db.session() as session:
            # The first statement of the session: it must have begun the transaction.
            await enqueue(session, "greet", {"name": "Kim"})
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await enqueued(committed_db) == []


async def test_of_jobs_with_the_same_key_the_first_stands(committed_db: Database) -> None:
    async with committed_db.session() as session:
        assert await enqueue(session, "greet", {"try": 1}, dedupe_key="a") is not None
        assert await enqueue(session, "greet", {"try": 2}, dedupe_key="a") is None
        assert await enqueue(session, "greet", {"try": 3}, dedupe_key="b") is not None
    assert await enqueued(committed_db) == [("greet", {"try": 1}), ("greet", {"try": 3})]


async def test_many_are_enqueued_in_order(committed_db: Database) -> None:
    async with committed_db.session() as session:
        ids = await enqueue_many(
            session,
            "greet",
            [{"n": n} for n in range(3)],
            dedupe_keys=["x", "x", None],
            after=timedelta(hours=1),
        )
    assert [number is None for number in ids] == [False, True, False]
    assert await enqueued(committed_db) == [("greet", {"n": 0}), ("greet", {"n": 2})]


async def test_each_of_many_has_a_time_and_a_rank_of_its_own(committed_db: Database) -> None:
    hours = [timedelta(hours=1), timedelta(hours=3)]
    async with committed_db.session() as session:
        await enqueue_many(session, "greet", [{"n": 1}, {"n": 2}], after=hours, priorities=[5, -5])
    async with committed_db.read(fresh=True) as connection:
        query = text("SELECT priority, execute_after - created AS wait FROM pgqueuer ORDER BY id")
        rows = (await connection.execute(query)).all()
    assert [(row.priority, row.wait) for row in rows] == [(5, hours[0]), (-5, hours[1])]
