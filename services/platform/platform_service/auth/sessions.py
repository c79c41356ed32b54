"""Sessions in Redis: one family of refresh tokens each, of which only the newest is good.

A refresh token is `<session id>.<secret>.<tag>`. Redis holds the hash of the newest secret and of the one before it;
the tag, made with a key of the family, tells a token that was once issued from one that was made up, so that nobody
ends a session with a guess. The successor of a token is kept wrapped in the token itself: who repeats a refresh whose
answer got lost gets the same successor, and who reads Redis gets none.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from platform_service.auth import refresh_tokens
from platform_service.auth.errors import InvalidRefreshToken, SessionStoreUnavailable
from platform_service.auth.lua import OPEN, ROTATE

ANSWER_SECONDS = 2.0
"""Redis answers in less than a millisecond; who waits longer gets a 503 instead of no answer."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """A refresh that went through. `epoch` is the user's session_epoch at login."""

    session_id: str
    user_id: int
    epoch: int
    refresh_token: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner may see it."""

    id: str
    created_at: datetime
    last_used_at: datetime
    user_agent: str


class ReusedToken(InvalidRefreshToken):
    """The refresh token was used before; the session is closed."""

    code = "refresh_token_reused"

    def __init__(self, session_id: str) -> None:
        super().__init__()
        self.session_id = session_id


class Sessions:
    """Every method raises SessionStoreUnavailable (503) when Redis does not answer."""

    def __init__(self, redis: Redis, *, lifetime_seconds: int, grace_seconds: float) -> None:
        self._redis = redis
        self._open = redis.register_script(OPEN)
        self._rotate = redis.register_script(ROTATE)
        self._lifetime = lifetime_seconds
        self._grace_ms = int(grace_seconds * 1000)

    async def open(self, user_id: int, *, epoch: int, user_agent: str) -> tuple[str, str]:
        """A new session: its id and its first refresh token."""
        session_id, secret = secrets.token_hex(16), refresh_tokens.new_secret()
        async with _redis_needed():
            tag = await self._open(
                keys=[_session(session_id), _index(user_id)],
                args=[
                    session_id,
                    user_id,
                    epoch,
                    refresh_tokens.digest(secret),
                    secrets.token_hex(16),
                    user_agent[:200],
                    _now_ms(),
                    self._lifetime,
                ],
            )
        return session_id, refresh_tokens.join(session_id, secret, _text(tag))

    async def rotate(self, refresh_token: str) -> Rotated:
        """Use up a refresh token for its successor; within the grace the same successor again.

        Raises InvalidRefreshToken; ReusedToken, with the session gone, for a token used before.
        """
        session_id, secret, tag = refresh_tokens.split(refresh_token)
        successor = refresh_tokens.new_secret()
        async with _redis_needed():
            answer = await self._rotate(
                keys=[_session(session_id)],
                args=[
                    refresh_tokens.digest(secret),
                    tag,
                    refresh_tokens.digest(successor),
                    refresh_tokens.wrap(successor, secret).hex(),
                    _now_ms(),
                    self._grace_ms,
                    self._lifetime,
                ],
            )
        outcome, *values = [_text(value) for value in answer]
        if outcome == "reused":
            raise ReusedToken(session_id)
        if outcome == "unknown":
            raise InvalidRefreshToken
        user_id, epoch, new_tag, wrapped = values
        token = refresh_tokens.join(session_id, refresh_tokens.wrap(bytes.fromhex(wrapped), secret), new_tag)
        return Rotated(session_id, int(user_id), int(epoch), token)

    async def session_of(self, refresh_token: str, *, user_id: int) -> str | None:
        """The session of this user to which the token belongs, be it the newest or the last; None if there is none."""
        try:
            session_id, secret, _ = refresh_tokens.split(refresh_token)
        except InvalidRefreshToken:
            return None
        async with _redis_needed():
            fields = ["user", "current", "previous"]
            row: Any = await self._redis.hmget(_session(session_id), fields)
        owner, *known = [_text(value or "") for value in row]
        return session_id if owner == str(user_id) and refresh_tokens.digest(secret) in known else None

    async def of_user(self, user_id: int) -> list[OpenSession]:
        """A user's open sessions, the one used last first."""
        async with _redis_needed():
            ids = await self._ids(user_id)
            async with self._redis.pipeline(transaction=False) as pipe:
                for session_id in ids:
                    pipe.hmget(_session(session_id), ["created", "used", "agent"])
                rows = await pipe.execute()
        found = [_open_session(sid, row) for sid, row in zip(ids, rows, strict=True) if row[0]]
        return sorted(found, key=lambda session: session.last_used_at, reverse=True)

    async def close(self, user_id: int, session_ids: Iterable[str]) -> None:
        """End sessions: their refresh tokens are worth nothing from here on."""
        if not (ids := list(session_ids)):
            return
        async with _redis_needed(), self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(*[_session(session_id) for session_id in ids])
            pipe.zrem(_index(user_id), *ids)
            await pipe.execute()

    async def close_before(self, user_id: int, epoch: int) -> list[str]:
        """End a user's sessions of earlier epochs; their ids."""
        async with _redis_needed():
            ids = await self._ids(user_id)
            async with self._redis.pipeline(transaction=False) as pipe:
                for session_id in ids:
                    pipe.hget(_session(session_id), "epoch")
                epochs = await pipe.execute()
        ended = [sid for sid, known in zip(ids, epochs, strict=True) if known is None or int(known) < epoch]
        await self.close(user_id, ended)
        return ended

    async def _ids(self, user_id: int) -> list[str]:
        """The sessions of a user that were open not long ago."""
        found: list[Any] = await self._redis.zrange(_index(user_id), 0, -1)
        return [_text(session_id) for session_id in found]


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


def _open_session(session_id: str, row: list[str | bytes]) -> OpenSession:
    created, used, agent = (_text(value) for value in row)
    return OpenSession(session_id, _moment(created), _moment(used), agent)


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _now_ms() -> int:
    return int(time.time() * 1000)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
