"""Revoked sessions reach every process within a second, whatever breaks."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NoConnection

from shared.auth.errors import SessionsUnavailable
from shared.auth.revoked_sessions import CHANNEL, KEY, MARK, RevokedSessions
from testing import eventually
from testing.local_servers.process import free_port
from testing.local_servers.valkey import ValkeyServer


@pytest.fixture
def server(tmp_path: Path) -> ValkeyServer:
    server = ValkeyServer(tmp_path / "valkey", free_port())
    server.initialise()
    return server


@pytest.fixture
def running(server: ValkeyServer, tmp_path: Path) -> Iterator[ValkeyServer]:
    process = server.start(log=tmp_path / "log")
    yield server
    process.stop()


@pytest.fixture
async def redis(server: ValkeyServer) -> AsyncIterator[Redis]:
    client = Redis.from_url(server.url(), socket_connect_timeout=0.5, socket_timeout=1)
    yield client
    await client.aclose()


@pytest.fixture
async def here(running: ValkeyServer, redis: Redis) -> AsyncIterator[RevokedSessions]:
    sessions = RevokedSessions(redis)
    await sessions.start()
    yield sessions
    await sessions.close()


@pytest.fixture
async def there(running: ValkeyServer) -> AsyncIterator[RevokedSessions]:
    """Another process, with connections of its own."""
    client = Redis.from_url(running.url(), socket_connect_timeout=0.5, socket_timeout=1)
    sessions = RevokedSessions(client)
    await sessions.start()
    yield sessions
    await sessions.close()
    await client.aclose()


async def known(sessions: RevokedSessions, session_id: str, *, within: float = 1.0) -> None:
    async def probe() -> bool:
        return session_id in sessions

    await eventually(probe, within=within, every=0.005)


async def subscribed(redis: Redis, count: int) -> None:
    async def probe() -> bool:
        return int((await redis.pubsub_numsub(CHANNEL))[0][1]) == count

    await eventually(probe)


async def test_a_revocation_holds_here_at_once_and_elsewhere_without_waiting_for_the_poll(
    here: RevokedSessions, redis: Redis
) -> None:
    there = RevokedSessions(redis, poll=3600)
    await there.start()
    await subscribed(redis, 2)
    await here.revoke(["s1", "s2"])
    assert "s1" in here
    await known(there, "s2")
    assert "s3" not in there
    await there.close()


async def test_a_process_that_starts_later_knows_it(here: RevokedSessions, running: ValkeyServer) -> None:
    await here.revoke(["s1"])
    client = Redis.from_url(running.url())
    late = RevokedSessions(client)
    await late.start()
    assert "s1" in late
    await late.close()
    await client.aclose()


async def test_a_lost_announcement_is_noticed_within_a_second(here: RevokedSessions, redis: Redis) -> None:
    """As when the subscription looks alive and is not: the write is there and nothing was published."""
    await redis.zadd(KEY, {"s1": time.time() + 60})
    await redis.set(MARK, "another")
    await known(here, "s1")


async def test_a_killed_subscription_loses_nothing_and_comes_back(
    here: RevokedSessions, there: RevokedSessions, redis: Redis
) -> None:
    await subscribed(redis, 2)
    await redis.client_kill_filter(_type="pubsub")
    await here.revoke(["s1"])
    await known(there, "s1")
    await subscribed(redis, 2)


async def test_it_starts_without_redis_says_so_and_keeps_trying(
    server: ValkeyServer, redis: Redis, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sessions = RevokedSessions(redis, poll=0.05)
    with caplog.at_level(logging.INFO):
        await sessions.start()
        assert "is down" in caplog.text
        with pytest.raises(SessionsUnavailable):
            await sessions.revoke(["s1"])
        assert "s1" in sessions, "this process refuses it all the same"
        process = server.start(log=tmp_path / "log")

        async def told() -> bool:
            try:
                return await redis.zscore(KEY, "s1") is not None
            except NoConnection:
                return False

        await eventually(told)
        assert caplog.text.count("poll is down") == 1, "an outage is logged once, not with every try"
    await sessions.close()
    process.stop()


async def test_redis_that_lost_its_data_is_told_again(here: RevokedSessions, redis: Redis) -> None:
    await here.revoke(["s1"])
    await redis.flushall()

    async def told() -> bool:
        return await redis.zscore(KEY, "s1") is not None

    await eventually(told, within=2)
    assert "s1" in here


async def test_redis_that_went_back_is_told_what_it_lost(
    here: RevokedSessions, there: RevokedSessions, redis: Redis
) -> None:
    """As after a crash that lost the last second of its file: an older mark, an older set."""
    await here.revoke(["s1"])
    await known(there, "s1")
    mark, set_ = await redis.dump(MARK), await redis.dump(KEY)
    assert mark is not None
    assert set_ is not None
    await here.revoke(["s2"])
    await known(there, "s2")
    await redis.restore(MARK, 0, mark, replace=True)
    await redis.restore(KEY, 0, set_, replace=True)

    async def told() -> bool:
        return await redis.zscore(KEY, "s2") is not None

    await eventually(told, within=2)
    assert await redis.zcard(KEY) == 2


async def test_what_redis_never_heard_of_is_told_by_who_takes_it_over(
    here: RevokedSessions, there: RevokedSessions
) -> None:
    await here.revoke(["s1"])
    here.restore({"s1": time.time() + 5, "s2": time.time() + 5})
    assert "s2" in here
    await known(there, "s2", within=2)


async def test_what_has_expired_is_forgotten_everywhere(here: RevokedSessions, redis: Redis) -> None:
    await here.revoke(["old"], seconds=0)
    await here.revoke(["new"])

    async def forgotten() -> bool:
        return "old" not in here and len(here) == 1

    await eventually(forgotten)
    assert await redis.zrange(KEY, 0, -1) == [b"new"]


async def test_revoking_nothing_asks_nothing(here: RevokedSessions, redis: Redis) -> None:
    await here.revoke([])
    assert await redis.get(MARK) is None


async def test_who_hears_every_announcement_never_loads_the_set(
    here: RevokedSessions, there: RevokedSessions, redis: Redis
) -> None:
    """With thousands of sessions and a logout in every half second the loads would stall the requests."""
    await subscribed(redis, 2)
    await here.revoke(["s0"])
    await known(there, "s0")
    marks = {there._seen}
    for number in range(1, 4):
        await here.revoke([f"s{number}"])
        await known(there, f"s{number}")
        marks.add(there._seen)
    assert len(marks) == 4
    mark = await redis.get(MARK)
    assert isinstance(mark, bytes)
    assert there._seen == mark.decode()


async def test_thousands_are_loaded_and_written_in_pages(
    here: RevokedSessions, running: ValkeyServer
) -> None:
    await here.revoke([f"s{number}" for number in range(2500)])
    client = Redis.from_url(running.url())
    late = RevokedSessions(client)
    await late.start()
    assert len(late) == 2500
    await late.close()
    await client.aclose()


async def test_a_client_that_answers_text_works_as_well(running: ValkeyServer, here: RevokedSessions) -> None:
    client = Redis.from_url(running.url(), decode_responses=True)
    sessions = RevokedSessions(client)
    await sessions.start()
    await here.revoke(["s1"])
    await known(sessions, "s1")
    await sessions.close()
    await client.aclose()
