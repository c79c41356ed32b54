"""Slowing down guesses at the password of one account, from any number of addresses.

The gateway limits logins per address as well: the route `platform-login` in gateway/kong.yml.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from platform_service.auth.errors import GuessesNotCounted, TooManyGuesses
from shared.schemas.emails import fold_address

logger = logging.getLogger(__name__)
T = TypeVar("T")

ACCOUNTS = "auth:guesses"
REMEMBERED_SECONDS = 3600
"""How long failures are remembered after the last one."""
ANSWER_SECONDS = 2.0
"""Redis answers in less than a millisecond; who waits longer gets a 503 instead of no answer."""
OUTAGES = (RedisError, OSError)
AT_ONCE = 20
"""Logins of one account that may be under way together before it has failures; a bound for a burst of guesses."""
MAX_ACCOUNTS = 100_000
"""So many are remembered, 40 MB of Redis at most; those tried longest ago make room. Whoever wants an account to be
forgotten by making up others has to fail this many logins, each at the price of a hash."""

# KEYS: the account, the accounts by when they were last tried. ARGV: now ms, free failures, longest delay ms, memory s,
# logins at once, accounts remembered.
# Answers 0 to go on, else the milliseconds to wait. Past the free failures the delay starts with the attempt, not with
# its failure: otherwise a thousand guesses sent at once would all pass before the first of them had failed.
BEGIN = """
local state = redis.call('HMGET', KEYS[1], 'failed', 'pending', 'until')
local failed, pending, locked = tonumber(state[1] or 0), tonumber(state[2] or 0), tonumber(state[3] or 0)
local now, free, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if locked > now then return locked - now end
if failed >= free then
  local delay = math.min(1000 * 2 ^ (failed - free), longest)
  redis.call('HSET', KEYS[1], 'until', string.format('%d', now + delay))
elseif failed + pending >= free + tonumber(ARGV[5]) then
  return 1000
end
redis.call('HINCRBY', KEYS[1], 'pending', 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], now, KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[4])
for i = 1, 10 do
  local oldest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  local forgotten = tonumber(oldest[2]) < now - ARGV[4] * 1000
  if not forgotten and redis.call('ZCARD', KEYS[2]) <= tonumber(ARGV[6]) then break end
  redis.call('DEL', oldest[1])
  redis.call('ZREM', KEYS[2], oldest[1])
end
return 0
"""
# KEYS and the first four ARGV as above; ARGV[5] is failed, right, or unknown where the attempt was broken off: then
# nobody learned anything, and the delay that began with it ends. Nothing is kept of an account without failures:
# broken-off attempts cost whoever makes up accounts next to nothing.
FINISH = """
local pending = redis.call('HINCRBY', KEYS[1], 'pending', -1)
local before = tonumber(redis.call('HGET', KEYS[1], 'failed') or 0)
if ARGV[5] == 'right' or (ARGV[5] == 'unknown' and before == 0 and pending <= 0) then
  redis.call('ZREM', KEYS[2], KEYS[1])
  return redis.call('DEL', KEYS[1])
end
if pending < 0 then redis.call('HSET', KEYS[1], 'pending', 0) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[1], KEYS[1])
if ARGV[5] == 'unknown' then return redis.call('HDEL', KEYS[1], 'until') end
local failed = redis.call('HINCRBY', KEYS[1], 'failed', 1)
local now, free, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if failed >= free then
  local delay = math.min(1000 * 2 ^ (failed - free), longest)
  redis.call('HSET', KEYS[1], 'until', string.format('%d', now + delay))
end
return 0
"""


class LoginThrottle:
    """Counts failed logins per account: some are free, then each doubles the wait up to `longest_seconds`.

    Without Redis nobody's password is looked at: guesses that are not counted would be free. What a guess was, where
    Redis goes meanwhile, stays uncounted.
    """

    def __init__(self, redis: Redis, *, free: int, longest_seconds: float) -> None:
        self._begin = redis.register_script(BEGIN)
        self._finish = redis.register_script(FINISH)
        self._free = free
        self._longest_ms = int(longest_seconds * 1000)

    async def check(self, email: str, verify: Callable[[], Awaitable[T]]) -> T:
        """What `verify` says of a password for this account, counted; what is false counts as a failure.

        Raises TooManyGuesses (429, with Retry-After) without calling it while the account is slowed down, and
        GuessesNotCounted (503) without Redis.
        """
        try:
            wait_ms = await self._run(self._begin, email, AT_ONCE, MAX_ACCOUNTS)
        except OUTAGES as error:
            raise GuessesNotCounted(retry_after=2) from error
        if wait_ms > 0:
            raise TooManyGuesses(retry_after=math.ceil(wait_ms / 1000))
        outcome = "unknown"
        try:
            verified = await verify()
            outcome = "right" if verified else "failed"
        finally:
            await self._finished(email, outcome)
        return verified

    async def _finished(self, email: str, outcome: str) -> None:
        try:
            await self._run(self._finish, email, outcome)
        except OUTAGES as error:
            logger.warning("a failed login could not be counted: %s", type(error).__name__)

    async def _run(self, script: AsyncScript, email: str, *last: str | int) -> int:
        numbers = [int(time.time() * 1000), self._free, self._longest_ms, REMEMBERED_SECONDS]
        async with asyncio.timeout(ANSWER_SECONDS):
            return int(await script(keys=[_key(email), ACCOUNTS], args=[*numbers, *last]))


def _key(email: str) -> str:
    # Hashed, since what is typed as an address may be anything, also a password.
    return f"auth:guesses:{hashlib.sha256(fold_address(email).encode()).hexdigest()[:32]}"
