"""shared.idempotency.claim, complete and release."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase

from shared.db.base import metadata
from shared.db.database import Database
from shared.idempotency import (
    Answer,
    Claim,
    IdempotencyKeyReused,
    IdempotencyMixin,
    RequestInProgress,
    claim,
    complete,
    purge,
    record,
    release,
)
from shared.jobs import Jobs
from testing.databases import record_queries


class Base(DeclarativeBase):
    metadata = metadata()


class Key(IdempotencyMixin, Base):
    pass


async def ask(database: Database, *, key: str | None = "k", request: bytes = b"same", wait: float = 0) -> Any:
    return await claim(database, Key, key=key, user_id=1, operation="pay", request=request, wait=wait)


async def finish(database: Database, claimed: Claim) -> Answer:
    async with database.session() as session:
        return await complete(session, claimed, status=200, body={"paid": True})


async def grow_old(database: Database) -> None:
    async with database.session() as session:
        await session.execute(
            text("UPDATE idempotency_keys SET created_at = created_at - interval '61 seconds'")
        )


async def test_a_completed_request_is_answered_again(committed_db: Database) -> None:
    first = await finish(committed_db, await ask(committed_db))
    assert first == Answer(200, b'{"paid":true}', replayed=False)
    assert await ask(committed_db) == Answer(200, b'{"paid":true}', replayed=True)


async def test_without_a_key_nothing_is_kept(committed_db: Database) -> None:
    assert not (await finish(committed_db, await ask(committed_db, key=None))).replayed
    assert isinstance(await ask(committed_db, key=None), Claim)


async def test_who_comes_second_waits_for_the_first_ones_answer(committed_db: Database) -> None:
    claimed = await ask(committed_db)
    second = asyncio.create_task(ask(committed_db, wait=5))
    await asyncio.wait({second}, timeout=0.15)
    await finish(committed_db, claimed)
    assert (await second).replayed


async def test_who_waited_long_enough_is_put_off(committed_db: Database) -> None:
    await ask(committed_db)
    with pytest.raises(RequestInProgress):
        await ask(committed_db, wait=0.15)


async def test_another_body_is_refused_also_when_the_claim_is_stale(committed_db: Database) -> None:
    await ask(committed_db)
    await grow_old(committed_db)
    with pytest.raises(IdempotencyKeyReused):
        await ask(committed_db, request=b"other")


async def test_a_released_claim_may_be_tried_again_at_once(committed_db: Database) -> None:
    claimed = await ask(committed_db)
    async with committed_db.session() as session:
        await release(session, claimed)
    assert isinstance(await ask(committed_db), Claim)


async def test_a_stale_claim_is_taken_over_by_one_and_lost_by_its_owner(committed_db: Database) -> None:
    died = await ask(committed_db)
    await grow_old(committed_db)
    takers = await asyncio.gather(*(ask(committed_db) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(taker, Claim) for taker in takers) == 1
    assert sum(isinstance(taker, RequestInProgress) for taker in takers) == 4
    with pytest.raises(RequestInProgress):
        await finish(committed_db, died)


async def test_old_answers_are_forgotten(committed_db: Database) -> None:
    await finish(committed_db, await ask(committed_db))
    await grow_old(committed_db)
    async with committed_db.session() as session:
        assert await purge(session, Key, older_than=timedelta(hours=24)) == 0
        assert await purge(session, Key, older_than=timedelta(minutes=1)) == 1


async def test_many_old_answers_are_forgotten_a_few_at_a_time(committed_db: Database) -> None:
    for key in ("a", "b", "c"):
        await finish(committed_db, await ask(committed_db, key=key))
    await grow_old(committed_db)
    await ask(committed_db, key="new")
    for count in (2, 1, 0):
        async with committed_db.session() as session:
            assert await purge(session, Key, older_than=timedelta(minutes=1), most=2) == count


async def test_the_clock_forgets_all_that_is_old(
    committed_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "PURGED_AT_ONCE", 2)
    monkeypatch.setattr(record, "ANSWERS_KEPT", timedelta(minutes=1))
    for key in ("a", "b", "c"):
        await finish(committed_db, await ask(committed_db, key=key))
    await grow_old(committed_db)
    jobs, runtime = Jobs(), SimpleNamespace(database=committed_db)
    record.forget_old_answers(jobs, Key)
    with record_queries() as queries:
        await jobs.schedules["forget_old_answers"].handler(cast("Any", runtime))
    assert len(queries) == 2
    assert isinstance(await ask(committed_db, key="c"), Claim)
