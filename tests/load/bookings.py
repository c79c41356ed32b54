"""A user's own bookings, read and made: from the database each time."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import orjson

from coocook_service.bookings import queries
from shared.schemas.types import MAX_ID
from testing.local_servers.process import free_port
from tests.load.bare import as_it_is
from tests.load.compare import Measure, Row, in_turns, latency, rate
from tests.load.generator import Result, closed_loop, request_bytes
from tests.load.plan import Plan
from tests.load.replay import Recording, record_booking
from tests.load.rig import Rig

CONNECTIONS = 16
OWN_BOOKINGS = 20
CUSTOMERS = 100
"""The bookings of one customer come one after the other, and those of the bench shall not."""
CHEFS = 400
"""Enough that every booking of the bench finds a time of its own."""


async def rows(rig: Rig, plan: Plan) -> list[Row]:
    """The booking list and a new booking, each beside the same SQL with nothing of ours around it."""
    chefs = await more_chefs(rig)
    token = (await rig.log_in())["access_token"]
    service = rig.summary["services"]["coocook"]
    mine = (await rig.log_in())["user"]["id"]
    times = free_times(chefs)
    some = new_bookings(service, [token], times)
    await closed_loop(service, some, connections=1, seconds=0.5)  # some bookings to list
    posts = new_bookings(service, await rig.subscribers(CUSTOMERS), times)
    return [await _list(rig, plan, service, token, mine), await _make(rig, plan, service, posts, chefs)]


async def more_chefs(rig: Rig) -> list[int]:
    """Chefs beside the seeded ones, for the bench alone; returns their ids."""
    connection = await asyncpg.connect(rig.summary["databases"]["coocook"])
    try:
        made = await connection.fetch(
            "INSERT INTO chefs (user_id, name, cuisine_type, location, price_per_session)"
            " SELECT 1000000 + n, 'Chef ' || n, 'Bench', 'Busan', 100 FROM generate_series(1, $1) n RETURNING id",
            CHEFS,
        )
    finally:
        await connection.close()
    return [row["id"] for row in made]


def free_times(chefs: list[int], *, days: range = range(2, 180)) -> Iterator[tuple[int, datetime]]:
    """Chefs with hours of theirs on `days` from today, which nobody has taken: each pair once."""
    first = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0)
    for day in days:
        for hour in range(10):
            for chef in chefs:
                yield chef, first + timedelta(days=day, hours=hour)


def new_bookings(base: str, tokens: Sequence[str], times: Iterator[tuple[int, datetime]]) -> Iterator[bytes]:
    """Requests that each book a time of their own, with a key of their own, for these customers in turn."""
    for token, (chef, start) in zip(itertools.cycle(tokens), times, strict=False):
        body = {"chef_id": chef, "booking_date": start.isoformat(), "duration_hours": 1}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}
        yield request_bytes("POST", f"{base}/api/coocook/bookings", headers=headers, body=orjson.dumps(body))


async def _list(rig: Rig, plan: Plan, service: str, token: str, user_id: int) -> Row:
    path = f"/api/coocook/bookings?limit={OWN_BOOKINGS}"
    spec = {"query": queries.OF_CUSTOMER, "parameters": [user_id, MAX_ID, OWN_BOOKINGS + 1]}
    file, port = rig.directory / "query.json", free_port()
    file.write_bytes(orjson.dumps(spec))
    dsn = rig.summary["databases"]["coocook"]
    bare = await rig.run(
        "tests.load.bare", "sql", "--port", str(port), "--dsn", dsn, "--query", str(file), port=port
    )
    async with httpx.AsyncClient() as client:
        await client.get(f"{bare}/rows")
    headers = {"Authorization": f"Bearer {token}"}
    ours, limit = request_bytes("GET", service + path, headers=headers), request_bytes("GET", f"{bare}/rows")
    results = await in_turns(
        {
            "ours": lambda: closed_loop(
                service, itertools.repeat(ours), connections=CONNECTIONS, seconds=plan.seconds
            ),
            "limit": lambda: closed_loop(
                bare, itertools.repeat(limit), connections=CONNECTIONS, seconds=plan.seconds
            ),
        },
        runs=plan.runs,
    )
    return _row(
        f"booking list ({OWN_BOOKINGS} rows, per user)", "bare FastAPI, the same SQL by asyncpg", results
    )


async def _make(rig: Rig, plan: Plan, service: str, posts: Iterator[bytes], chefs: list[int]) -> Row:
    recording = await record_booking(rig.summary["databases"]["coocook"], chefs[0])
    pool = await asyncpg.create_pool(
        rig.summary["databases"]["coocook"], min_size=10, max_size=10, reset=as_it_is
    )
    # Years ahead, where the service takes no bookings: the two never meet in one slot.
    times = ((chef, start + timedelta(days=3650)) for chef, start in free_times(chefs))
    try:
        results = await in_turns(
            {
                "ours": lambda: closed_loop(service, posts, connections=CONNECTIONS, seconds=plan.seconds),
                "limit": _replayed(pool, recording, times, plan),
            },
            runs=plan.runs,
            expected=(200, 201),
        )
    finally:
        await pool.close()
    return _row(
        "a booking with its outbox row and its idempotency key",
        "the same SQL in one transaction, bare asyncpg",
        results,
    )


def _replayed(
    pool: asyncpg.Pool, recording: Recording, times: Iterator[tuple[int, datetime]], plan: Plan
) -> Measure:
    async def measure() -> Result:
        result = Result()
        started = time.perf_counter()

        async def worker() -> None:
            while time.perf_counter() - started < plan.seconds:
                begun = time.perf_counter()
                await recording.play(pool, *next(times))
                result.latencies.append(time.perf_counter() - begun)
                result.statuses[200] += 1

        await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
        result.seconds = time.perf_counter() - started
        return result

    return measure


def _row(what: str, beside: str, results: dict[str, list[Result]]) -> Row:
    ours, limit = rate(results["ours"]), rate(results["limit"])
    return Row(
        what,
        f"{ours:,.0f}/s, p99 {latency(results['ours'], 0.99):.1f} ms",
        f"{limit:,.0f}/s {beside}, p99 {latency(results['limit'], 0.99):.1f} ms ({ours / limit:.0%})",
        "half the limit",
    )
