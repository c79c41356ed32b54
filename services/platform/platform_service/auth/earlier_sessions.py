"""Sessions that the release before kept in Redis: each is taken over into the table when it is first asked for.

They live for 30 days after their last use; a month after every platform runs this release the module may go.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from platform_service.auth.errors import SessionStoreUnavailable
from platform_service.auth.models import SessionRow
from platform_service.users.models import User
from shared.db.database import Database

ANSWER_SECONDS = 2.0
"""Redis answers in less than a millisecond; who waits longer gets a 503 instead of no answer."""


class EarlierSessions:
    """Every method raises SessionStoreUnavailable (503) when Redis does not answer."""

    def __init__(self, redis: Redis, database: Database, *, lifetime: timedelta) -> None:
        self._redis = redis
        self._database = database
        self._lifetime = lifetime

    async def take_over(self, session_id: str) -> bool:
        """Whether there is such a session, which then is in the table. One that the table ended stays ended."""
        async with _redis_needed():
            stored: Any = await self._redis.hgetall(_session(session_id))
        if not stored:
            return False
        fields = {_text(name): _text(value) for name, value in stored.items()}
        async with self._database.session() as session:
            owner = int(fields["user"])
            # The table refers to users: of one that is gone for good nothing is taken over.
            if await session.scalar(select(User.id).where(User.id == owner)) is None:
                return False
            row = insert(SessionRow).values(self._row(session_id, fields)).on_conflict_do_nothing()
            await session.execute(row)
        await self.forget(owner, [session_id])
        return True

    async def take_over_all(self, user_id: int) -> bool:
        """As `take_over`, every session of a user. Whether there was any."""
        async with _redis_needed():
            ids: list[Any] = await self._redis.zrange(_index(user_id), 0, -1)
        return any([await self.take_over(_text(session_id)) for session_id in ids])

    async def forget(self, user_id: int, session_ids: Iterable[str]) -> None:
        """Remove sessions from Redis."""
        ids = list(session_ids)
        async with _redis_needed(), self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(*[_session(session_id) for session_id in ids])
            pipe.zrem(_index(user_id), *ids)
            await pipe.execute()

    def _row(self, session_id: str, fields: dict[str, str]) -> dict[str, Any]:
        used = _moment(fields["used"])
        return {
            "id": session_id,
            "user_id": int(fields["user"]),
            "epoch": int(fields["epoch"]),
            "family": fields["family"],
            "current_hash": fields["current"],
            "previous_hash": fields.get("previous"),
            "wrapped": fields.get("wrapped"),
            "answered_at": _moment(fields["rotated"]) if "rotated" in fields else func.clock_timestamp(),
            "user_agent": fields["agent"],
            "created_at": _moment(fields["created"]),
            "used_at": used,
            "expires_at": used + self._lifetime,
        }


@asynccontextmanager
async def _redis_needed() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except (RedisError, OSError) as error:
        raise SessionStoreUnavailable(retry_after=2) from error


def _session(session_id: str) -> str:
    return f"auth:session:{session_id}"


def _index(user_id: int) -> str:
    return f"auth:sessions:{user_id}"


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
