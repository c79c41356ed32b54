"""Revoked sessions, held in every process's memory so that a check costs one look-up.

Redis holds them in a sorted set (session id -> when its last access token expires) and a mark that every change
replaces. A revocation writes both and is announced by pub/sub. A process that misses the announcement notices the new
mark within half a second: pub/sub is only for speed, correctness does not depend on it. A Redis that lost its data, or
the last seconds of it, has no mark or an older one: the processes then write back what it has lost.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.auth.errors import SessionsUnavailable
from shared.tasks import cancel_and_wait

logger = logging.getLogger(__name__)

KEY: Final = "auth:revoked"
CHANNEL: Final = "auth:revoked"
MARK: Final = "auth:revoked:mark"
HELD_SECONDS: Final = 16 * 60
"""Where who revokes says nothing else: a minute more than access tokens live by default."""
POLL_SECONDS: Final = 0.5
PAGE: Final = 1000  # sessions in one command: a larger answer would hold up the requests of this process
# In one step: a process that hears it and knew the previous mark has missed nothing, and need not load the set.
_REVOKE: Final = """
local before = redis.call('GET', KEYS[2]) or ''
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
redis.call('ZADD', KEYS[1], 'GT', unpack(ARGV, 4))
redis.call('SET', KEYS[2], ARGV[1])
redis.call('PUBLISH', KEYS[1], before .. ' ' .. ARGV[1] .. ' ' .. ARGV[3])
"""
_OUTAGES: Final = (RedisError, OSError, TimeoutError)


class RevokedSessions:
    """`session_id in revoked`, kept up to date in the background between `start` and `close`."""

    def __init__(self, redis: Redis, *, poll: float = POLL_SECONDS) -> None:
        self._redis: Any = redis
        self._poll = poll
        self._until: dict[str, float] = {}
        self._seen = ""
        self._compare = False
        """Redis may lack something that is known here, whatever its mark says."""
        self._tasks: list[asyncio.Task[None]] = []
        self._failing: set[str] = set()

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._until

    def __len__(self) -> int:
        return len(self._until)

    async def start(self) -> None:
        """Load the revoked sessions and follow changes. Without Redis it starts too, logs that and keeps trying."""
        await self._try("poll", self._catch_up())
        self._tasks = [
            asyncio.create_task(self._follow(), name="revoked sessions: follow"),
            asyncio.create_task(self._watch(), name="revoked sessions: watch"),
        ]

    async def close(self) -> None:
        await cancel_and_wait(*self._tasks)
        self._tasks = []

    async def revoke(self, session_ids: Iterable[str], *, seconds: float = HELD_SECONDS) -> None:
        """Revoke sessions in every process, for as long as one of their access tokens can still be valid.

        Raises SessionsUnavailable when Redis cannot be told; this process refuses them anyway.
        """
        until = time.time() + seconds
        changed = dict.fromkeys(session_ids, until)
        if not changed:
            return
        self._until.update(changed)
        try:
            await self._write(changed)
        except _OUTAGES as error:
            self._compare = True
            raise SessionsUnavailable from error

    def restore(self, until: Mapping[str, float]) -> None:
        """Take over revocations from their permanent store; `until` is in seconds since 1970. The next poll writes
        those to Redis that it does not have."""
        if unknown := {session: moment for session, moment in until.items() if session not in self._until}:
            self._until.update(unknown)
            self._compare = True

    async def _write(self, changed: dict[str, float]) -> None:
        sessions = list(changed.items())
        for start in range(0, len(sessions), PAGE):
            page = sessions[start : start + PAGE]
            mark = secrets.token_hex(8)  # not a counter: one that starts again could look unchanged
            pairs = [value for session, until in page for value in (until, session)]
            await self._redis.eval(_REVOKE, 2, KEY, MARK, mark, time.time(), orjson.dumps(dict(page)), *pairs)

    async def _follow(self) -> None:
        while True:
            await self._try("subscription", self._listen())
            await asyncio.sleep(self._poll)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            while True:
                message = await channel.get_message(ignore_subscribe_messages=True, timeout=5.0)
                self._recovered("subscription")
                if message is not None:
                    self._hear(_text(message["data"]))

    def _hear(self, announcement: str) -> None:
        before, mark, changed = announcement.split(" ", 2)
        self._until.update(orjson.loads(changed))
        if before == self._seen:
            self._seen = mark

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._poll)
            if await self._try("poll", self._catch_up()):
                self._recovered("poll")
            self._forget_expired()

    async def _catch_up(self) -> None:
        """When the mark is another, load all, and tell Redis what it lacks of what is known here."""
        mark = _text(await self._redis.get(MARK) or "")
        if mark == self._seen and not self._compare:
            return
        self._compare = True  # until all of this went through
        there, known = await self._load(), dict(self._until)
        self._until.update(
            {session: max(until, known.get(session, until)) for session, until in there.items()}
        )
        now = time.time()
        await self._write(
            {session: until for session, until in known.items() if until > max(now, there.get(session, 0.0))}
        )
        self._seen, self._compare = mark, False

    async def _load(self) -> dict[str, float]:
        """Page by page, from the latest: sessions that are added meanwhile move others back, so none is skipped."""
        now, offset, page = time.time(), 0, [None]
        found: dict[str, float] = {}
        while page:
            page = await self._redis.zrevrangebyscore(
                KEY, "+inf", now, start=offset, num=PAGE, withscores=True
            )
            found.update({_text(session): float(until) for session, until in page})
            offset += PAGE
        return found

    def _forget_expired(self) -> None:
        now = time.time()
        for session in [session for session, until in self._until.items() if until <= now]:
            del self._until[session]

    async def _try(self, what: str, work: Any) -> bool:
        try:
            await work
        except _OUTAGES as error:
            if what not in self._failing:
                self._failing.add(what)
                logger.warning("revoked sessions: %s is down; retrying: %r", what, error)
            return False
        return True

    def _recovered(self, what: str) -> None:
        if what in self._failing:
            self._failing.discard(what)
            logger.info("revoked sessions: %s is back", what)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
