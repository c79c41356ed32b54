"""What is remembered of failed logins, whatever addresses are made up."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from platform_service.auth import login_throttle
from platform_service.auth.errors import TooManyGuesses
from platform_service.auth.login_throttle import LoginThrottle


async def right() -> bool:
    return True


async def wrong() -> bool:
    return False


async def busy() -> bool:
    raise TimeoutError("no thread hashes")


@pytest.fixture
def attempts(redis_client: Redis) -> LoginThrottle:
    return LoginThrottle(redis_client, free=2, longest_seconds=60)


async def remembered(redis: Redis) -> set[bytes]:
    return {bytes(key) async for key in redis.scan_iter("auth:guesses:*", count=1000)}


async def test_so_many_accounts_are_remembered_and_no_more(
    attempts: LoginThrottle, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_throttle, "MAX_ACCOUNTS", 20)
    for number in range(100):
        await attempts.check(f"made-up-{number}@example.com", wrong)
    accounts = await remembered(redis_client)
    assert len(accounts) == 20
    assert accounts == set(await redis_client.zrange("auth:guesses", 0, -1))
    taken = [await redis_client.memory_usage(name) for name in (b"auth:guesses", *accounts)]
    assert sum(int(size or 0) for size in taken) < 400 * 20, "see MAX_ACCOUNTS"


async def test_an_account_that_is_guessed_at_now_is_not_forgotten(
    attempts: LoginThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_throttle, "MAX_ACCOUNTS", 20)
    for number in range(45):
        await attempts.check(f"made-up-{number}@example.com", wrong)
        if number in {20, 35}:
            await attempts.check("owner@example.com", wrong)
    with pytest.raises(TooManyGuesses):
        await attempts.check("owner@example.com", wrong)


async def test_nothing_is_remembered_of_who_was_right_or_not_looked_at(
    attempts: LoginThrottle, redis_client: Redis
) -> None:
    assert await attempts.check("owner@example.com", right)
    for number in range(20):
        with pytest.raises(TimeoutError):
            await attempts.check(f"made-up-{number}@example.com", busy)
    assert not await redis_client.keys("auth:guesses*")


async def test_a_broken_off_attempt_forgets_no_failure(attempts: LoginThrottle) -> None:
    await attempts.check("owner@example.com", wrong)
    with pytest.raises(TimeoutError):
        await attempts.check("owner@example.com", busy)
    await attempts.check("owner@example.com", wrong)
    with pytest.raises(TooManyGuesses):
        await attempts.check("owner@example.com", wrong)
