"""A user's own posts: read from the database each time, also while ten thousand others are being published."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import httpx
import orjson

from sns_service.posts import queries
from sns_service.posts.orders import JOB
from testing.local_servers.process import free_port
from tests.load import jobs
from tests.load.compare import Row, checked, in_turns, latency, rate
from tests.load.generator import Result, closed_loop, open_loop, request_bytes
from tests.load.plan import Plan
from tests.load.rig import Rig

CONNECTIONS = 16
LISTED = 20
DUE = 10_000
BESIDE_PER_SECOND = 100
OTHERS = 1_000_000
"""The user whose posts are due."""
PATIENCE_SECONDS = 120
NICENESS = 10

_MINE = """
    INSERT INTO posts (user_id, account_id, content, template_type)
    SELECT $1, (SELECT max(id) FROM accounts WHERE user_id = $1), repeat('Post ', 30), 'blog_post'
    FROM generate_series(1, 100)
"""
_DUE = """
    WITH account AS (INSERT INTO accounts (user_id, platform, account_name) VALUES ($1, 'blog', 'bench') RETURNING id),
    due AS (
        INSERT INTO posts (user_id, account_id, content, template_type, status, ticket)
        SELECT $1, account.id, 'Post ' || n, 'blog_post', 'publishing', 1 FROM account, generate_series(1, $2) n
        RETURNING id
    )
    INSERT INTO pgqueuer (priority, status, entrypoint, payload, dedupe_key)
    SELECT 0, 'queued', $3, convert_to(json_build_object('post_id', id, 'ticket', 1)::text, 'utf8'),
        'post:' || id || ':1'
    FROM due
"""


async def rows(rig: Rig, plan: Plan) -> list[Row]:
    """The post list beside the same SQL with nothing of ours around it, and beside a worker that publishes."""
    tokens = await rig.log_in()
    connection = await asyncpg.connect(rig.summary["databases"]["sns"])
    try:
        await connection.execute(_MINE, tokens["user"]["id"])
        service = rig.summary["services"]["sns"]
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        request = request_bytes("GET", f"{service}/api/sns/posts", headers=headers)
        listed = await _list(rig, plan, service, request, tokens["user"]["id"])
        return [listed, await _while_publishing(rig, plan, service, request, connection)]
    finally:
        await connection.close()


async def _list(rig: Rig, plan: Plan, service: str, request: bytes, user_id: int) -> Row:
    sql = queries.page_sql("user_id = $1", 1, cursor=False)
    file, port = rig.directory / "query.json", free_port()
    file.write_bytes(orjson.dumps({"query": sql, "parameters": [user_id, LISTED + 1, 0]}))
    dsn = rig.summary["databases"]["sns"]
    bare = await rig.run(
        "tests.load.bare", "sql", "--port", str(port), "--dsn", dsn, "--query", str(file), port=port
    )
    async with httpx.AsyncClient() as client:
        await client.get(f"{bare}/rows")
    limit = request_bytes("GET", f"{bare}/rows")
    results = await in_turns(
        {
            "ours": lambda: closed_loop(
                service, itertools.repeat(request), connections=CONNECTIONS, seconds=plan.seconds
            ),
            "limit": lambda: closed_loop(
                bare, itertools.repeat(limit), connections=CONNECTIONS, seconds=plan.seconds
            ),
        },
        runs=plan.runs,
    )
    ours, other = rate(results["ours"]), rate(results["limit"])
    return Row(
        f"post list ({LISTED} rows, per user)",
        f"{ours:,.0f}/s, p99 {latency(results['ours'], 0.99):.1f} ms",
        f"{other:,.0f}/s bare FastAPI, the same SQL by asyncpg, p99 {latency(results['limit'], 0.99):.1f} ms"
        f" ({ours / other:.0%})",
        "half the limit",
    )


async def _while_publishing(
    rig: Rig, plan: Plan, service: str, request: bytes, connection: asyncpg.Connection
) -> Row:
    async def read() -> Result:
        requests = itertools.repeat(request)
        result = await open_loop(
            service, requests, rate=BESIDE_PER_SECOND, connections=CONNECTIONS, seconds=plan.seconds
        )
        return checked("post list", result)

    async with httpx.AsyncClient(base_url=rig.summary["networks"]) as fakes:
        await fakes.post("/_fake/settings", json={"before": jobs.NETWORK_SECONDS})
    idle = [await read() for _ in range(plan.runs)]
    with _busy_cores():
        beside = [await read() for _ in range(plan.runs)]
    await connection.execute(_DUE, OTHERS, DUE, JOB)
    await connection.execute(
        "ANALYZE posts, pgqueuer"
    )  # which autovacuum has done where it is no database's first minute
    started = time.perf_counter()
    busy: list[Result] = []
    while await _left(connection) and time.perf_counter() - started < PATIENCE_SECONDS:
        busy.append(await read())
    seconds = time.perf_counter() - started
    if left := await _left(connection):
        raise RuntimeError(f"{left} posts were not published in {PATIENCE_SECONDS} s")
    before, floor, during = (latency(results, 0.99) for results in (idle, beside, busy))
    return Row(
        f"GET posts, {BESIDE_PER_SECOND}/s, while {DUE:,} due posts are published",
        f"p99 {during:.1f} ms; all published in {seconds:.0f} s",
        f"idle p99 {before:.1f} ms ({during / before:.1f} times); {floor:.1f} ms beside loops that are as nice as the"
        " worker and touch nothing of ours",
        "at most twice",
    )


@contextmanager
def _busy_cores() -> Iterator[None]:
    """Keeps every core busy with something that gives way as the worker does: what no worker can be better than."""
    program = (
        f"import time\nfrom shared.process import lower_priority\nlower_priority({NICENESS})\n"
        f"while time.process_time() < {PATIENCE_SECONDS}: sum(range(1000))"
    )
    command = [sys.executable, "-c", program]
    loops = [subprocess.Popen(command, start_new_session=True) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


async def _left(connection: asyncpg.Connection) -> int:
    count: int = await connection.fetchval(
        "SELECT count(*) FROM posts WHERE user_id = $1 AND status <> 'published'", OTHERS
    )
    return count
