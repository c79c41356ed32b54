"""shared.idempotency.idempotent.run_idempotent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import DeclarativeBase

from shared.db.base import metadata
from shared.db.database import Database
from shared.idempotency import Answer, IdempotencyKeyReused, IdempotencyMixin, RequestInProgress, new_answer
from shared.idempotency.idempotent import run_idempotent


class Base(DeclarativeBase):
    metadata = metadata()


class Key(IdempotencyMixin, Base):
    pass


class Refused(Exception):
    """The work's own error."""


async def post(
    database: Database,
    *,
    key: str | None = "k",
    request: Any = b"same",
    user_id: int = 1,
    before_commit: Callable[[], Awaitable[None]] | None = None,
    fail: bool = False,
) -> Answer:
    """One request, which counts a thing up and answers how many there are."""
    async with database.session() as session:

        async def work() -> Answer:
            await session.execute(text("INSERT INTO things (name) VALUES (gen_random_uuid()::text)"))
            if fail:
                raise Refused
            if before_commit is not None:
                await before_commit()
            count = (await session.execute(text("SELECT count(*) FROM things"))).scalar_one()
            return new_answer(201, {"count": count})

        return await run_idempotent(
            session, Key, key=key, user_id=user_id, operation="things", request=request, work=work
        )


async def test_the_same_request_gets_the_same_answer_and_is_done_once(committed_db: Database) -> None:
    first = await post(committed_db, request={"a": 1, "b": 2})
    again = await post(committed_db, request={"b": 2, "a": 1})
    assert first == Answer(201, b'{"count":1}', replayed=False)
    assert again == Answer(201, b'{"count":1}', replayed=True)


async def test_without_a_key_everything_is_done_again(committed_db: Database) -> None:
    assert (await post(committed_db, key=None)).body == b'{"count":1}'
    assert (await post(committed_db, key=None)).body == b'{"count":2}'


async def test_another_body_under_the_same_key_is_refused(committed_db: Database) -> None:
    await post(committed_db)
    with pytest.raises(IdempotencyKeyReused):
        await post(committed_db, request=b"other")


async def test_keys_belong_to_their_user(committed_db: Database) -> None:
    await post(committed_db, user_id=1)
    assert not (await post(committed_db, user_id=2, request=b"other")).replayed


async def test_a_refused_request_may_be_tried_again(committed_db: Database) -> None:
    with pytest.raises(Refused):
        await post(committed_db, fail=True)
    assert (await post(committed_db)).body == b'{"count":1}'


async def test_ten_at_the_same_time_are_done_once(committed_db: Database) -> None:
    answers = await asyncio.gather(*(post(committed_db) for _ in range(10)))
    assert {answer.body for answer in answers} == {b'{"count":1}'}
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 9
    async with committed_db.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(Key))).scalar() == 1


async def test_a_second_request_is_put_off_when_the_first_takes_too_long(committed_db: Database) -> None:
    running, may_end = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        running.set()
        await may_end.wait()

    first = asyncio.create_task(post(committed_db, before_commit=hold))
    await running.wait()
    with pytest.raises(RequestInProgress) as refusal:
        await post(committed_db)
    assert refusal.value.headers["Retry-After"] == "1"
    may_end.set()
    assert (await first).status == 201
