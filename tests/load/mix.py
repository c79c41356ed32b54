"""The day's mix of the plan for 100,000 users, through the gateway, at the plan's average and at its peak."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator

import asyncpg
import httpx
import orjson

from tests.load.bookings import CUSTOMERS, free_times, new_bookings
from tests.load.compare import Row
from tests.load.generator import Result, open_loop, request_bytes
from tests.load.plan import Plan
from tests.load.rig import Rig

AVERAGE, PEAK = 500, 2000
CONNECTIONS = 128
CAMPAIGNS, OWN_LISTS, BOOKINGS, SESSIONS = 0.33, 0.10, 0.05, 0.02
"""Shares of the requests; the rest, a half, are chef pages."""
CACHES = ("coocook", "review")
LOGINS = 0.2
"""Of SESSIONS; the others are refreshes. So each of 100,000 users logs in every three and a half hours, while their
tokens last for fifteen minutes. It matters: a login costs 27 ms of a core on purpose, a refresh about one."""
LOOKUPS = re.compile(r'^cache_requests_total\{[^}]*tier="(\w+)"[^}]*\} (\S+)', re.MULTILINE)


async def rows(rig: Rig, plan: Plan) -> list[Row]:
    """Answer rates and latencies of the mix, its cache hits, and its connections to PostgreSQL."""
    seconds = plan.seconds * 3
    requests = await requests_of(rig, count=int((AVERAGE + PEAK) * seconds) + 100)
    average = await _run(rig, requests, AVERAGE, seconds)
    before = await _lookups(rig)
    peak = await _run(rig, requests, PEAK, seconds)
    connections = await _connections(rig)
    after = await _lookups(rig)
    counted = {tier: after[tier] - before[tier] for tier in after}
    hits = 1 - counted["load"] / max(1, sum(counted.values()))
    return [
        Row(
            f"the day's mix at {PEAK}/s through the gateway, {seconds:.0f} s",
            _describe(peak),
            f"at {AVERAGE}/s: {_describe(average)}",
            "held, p99 under 100 ms, no error",
        ),
        Row(
            "cache hits in the mix, every tier counted",
            f"{hits:.1%}",
            ", ".join(f"{tier} {count:,.0f}" for tier, count in sorted(counted.items())),
            "85 %",
        ),
        Row(
            "connections to PostgreSQL, right after the peak",
            str(connections),
            "five services, an api and a worker process each",
            "1,350 by plan",
        ),
    ]


def _describe(result: Result) -> str:
    strange = sum(count for status, count in result.statuses.items() if status >= 400) + result.broken
    return (
        f"{result.per_second:,.0f}/s, p50 {result.percentile(0.5):.1f} ms, p99 {result.percentile(0.99):.1f} ms,"
        f" {strange} errors"
    )


async def _run(rig: Rig, requests: Iterator[bytes], rate: float, seconds: float) -> Result:
    return await open_loop(rig.gateway, requests, rate=rate, connections=CONNECTIONS, seconds=seconds)


async def requests_of(rig: Rig, *, count: int) -> Iterator[bytes]:
    """The mix in a random order that is the same each time. Each refresh has a session of its own."""
    chooser = random.Random(20261123)  # noqa: S311 - a mix to be repeated, not a secret
    tokens = await rig.subscribers(CUSTOMERS)
    chefs = await _ids(rig, "/api/coocook/chefs", "chefs")
    campaigns = await _ids(rig, "/api/review/campaigns", "campaigns")
    refreshes = [
        (await rig.log_in())["refresh_token"] for _ in range(int(count * SESSIONS * (1 - LOGINS) * 1.2) + 30)
    ]
    pages = (
        _pages(f"{rig.gateway}/api/coocook/chefs", chefs),
        _pages(f"{rig.gateway}/api/review/campaigns", campaigns),
    )
    return _mixed(rig, chooser, tokens, chefs, pages, refreshes, count)


async def _ids(rig: Rig, path: str, name: str) -> list[int]:
    async with httpx.AsyncClient(base_url=rig.gateway) as anybody:
        return [entry["id"] for entry in (await anybody.get(path, params={"per_page": 100})).json()[name]]


def _pages(url: str, ids: list[int]) -> list[bytes]:
    """The list as often as all its entries together."""
    return [request_bytes("GET", url)] * len(ids) + [request_bytes("GET", f"{url}/{entry}") for entry in ids]


def _mixed(
    rig: Rig,
    chooser: random.Random,
    tokens: list[str],
    chefs: list[int],
    pages: tuple[list[bytes], list[bytes]],
    refreshes: list[str],
    count: int,
) -> Iterator[bytes]:
    gateway, demo = rig.gateway, rig.summary["users"]["demo"]
    posts = new_bookings(gateway, tokens, free_times(chefs, days=range(180, 360)))
    lists = request_bytes(
        "GET", f"{gateway}/api/coocook/bookings?limit=20", headers={"Authorization": f"Bearer {tokens[0]}"}
    )
    login = request_bytes(
        "POST",
        f"{gateway}/api/auth/login",
        body=orjson.dumps({"email": demo["email"], "password": demo["password"]}),
    )
    chef_pages, campaign_pages = pages
    for _ in range(count):
        drawn = chooser.random()
        if drawn < SESSIONS * LOGINS:
            yield login
        elif drawn < SESSIONS:
            body = orjson.dumps({"refresh_token": refreshes.pop()})
            yield request_bytes("POST", f"{gateway}/api/auth/refresh", body=body)
        elif drawn < SESSIONS + BOOKINGS:
            yield next(posts)
        elif drawn < SESSIONS + BOOKINGS + OWN_LISTS:
            yield lists
        elif drawn < SESSIONS + BOOKINGS + OWN_LISTS + CAMPAIGNS:
            yield chooser.choice(campaign_pages)
        else:
            yield chooser.choice(chef_pages)


async def _lookups(rig: Rig) -> Counter[str]:
    """The cache look-ups of both api processes so far, by where they ended."""
    counted: Counter[str] = Counter()
    async with httpx.AsyncClient() as client:
        for service in CACHES:
            text = (await client.get(f"{rig.summary['services'][service]}/metrics")).text
            counted.update({tier: int(float(count)) for tier, count in LOOKUPS.findall(text)})
    return counted


async def _connections(rig: Rig) -> int:
    connection = await asyncpg.connect(rig.summary["databases"]["platform"])
    try:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return count
    finally:
        await connection.close()
