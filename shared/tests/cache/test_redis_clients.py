"""Every command is timed, and what fails is counted."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import ResponseError

from shared.redis_clients import connect_redis, with_timeout
from testing.local_servers.process import free_port
from testing.metrics import sample


def times(command: str) -> float:
    return sample("redis_command_duration_seconds_count", command=command)


async def test_commands_and_pipelines_are_timed(redis_client: Redis) -> None:
    names = ("SET", "XADD", "PIPELINE", "XREADGROUP")
    client = with_timeout(redis_client, seconds=5)
    before = [times(name) for name in names]
    await client.set("key", 1)
    await client.xadd("stream", {"field": "value"})
    async with client.pipeline(transaction=True) as pipe:
        pipe.set("key", 2)
        pipe.get("key")
        assert await pipe.execute() == [True, b"2"]
    await client.xgroup_create("stream", "group", id="$")
    await client.xreadgroup("group", "reader", {"stream": ">"}, block=10)
    assert [times(name) for name in names] == [before[0] + 1, before[1] + 1, before[2] + 1, before[3]]
    await client.aclose()


async def test_an_answer_that_says_how_things_are_is_no_failure(redis_client: Redis) -> None:
    def failures() -> list[float]:
        names = ("XGROUP CREATE", "XREADGROUP", "EVALSHA")
        return [sample("redis_command_errors_total", command=name) for name in names]

    before = failures()
    client = with_timeout(redis_client, seconds=5)
    await client.xgroup_create("stream", "group", id="$", mkstream=True)
    with pytest.raises(ResponseError, match="BUSYGROUP"):
        await client.xgroup_create("stream", "group", id="$")
    with pytest.raises(ResponseError, match="NOGROUP"):
        await client.xreadgroup("strangers", "reader", {"stream": ">"})
    with pytest.raises(ResponseError):
        await client.evalsha("0" * 40, 0)
    assert failures() == before
    await client.aclose()


async def test_a_command_that_fails_is_counted(redis_client: Redis) -> None:
    client = with_timeout(redis_client, seconds=5)
    before = sample("redis_command_errors_total", command="GET")
    await client.hset("hash", "field", 1)
    with pytest.raises(ResponseError):
        await client.get("hash")
    gone = connect_redis(f"redis://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable):
        await gone.get("key")
    assert sample("redis_command_errors_total", command="GET") == before + 2
    await client.aclose()
    await gone.aclose()
