"""Reads that anybody may make, and what the gateway adds to them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import httpx

from tests.load.compare import Measure, Row, in_turns, latency, rate
from tests.load.generator import closed_loop, request_bytes
from tests.load.plan import Plan
from tests.load.rig import Rig

CONNECTIONS = 32


@dataclass(frozen=True)
class Catalogue:
    """A service's public list, and the item that stands first in it."""

    service: str
    path: str
    items: str
    name: str


CATALOGUES = (
    Catalogue("coocook", "/api/coocook/chefs", "chefs", "chef"),
    Catalogue("review", "/api/review/campaigns", "campaigns", "campaign"),
)


def _reads(base: str, path: str, plan: Plan, *, connections: int = CONNECTIONS) -> Measure:
    request = request_bytes("GET", base + path)
    return lambda: closed_loop(base, itertools.repeat(request), connections=connections, seconds=plan.seconds)


async def rows(rig: Rig, plan: Plan) -> list[Row]:
    """Each list and one of its items through the gateway, beside a bare app that sends the same bytes."""
    answers: dict[str, str] = {}
    names: dict[str, str] = {}
    async with httpx.AsyncClient(base_url=rig.gateway) as anybody:
        for catalogue in CATALOGUES:
            first = (await anybody.get(catalogue.path)).json()[catalogue.items][0]["id"]
            names |= {
                catalogue.path: f"{catalogue.name} list",
                f"{catalogue.path}/{first}": f"one {catalogue.name}",
            }
        for path in names:
            answers[path] = (await anybody.get(path)).text
    services = [catalogue.service for catalogue in CATALOGUES]
    limit = await rig.second_gateway(await rig.bare_bytes(answers), services)
    found = [await _beside_limit(rig, limit, path, name, answers[path], plan) for path, name in names.items()]
    return [*found, await _hop(rig, CATALOGUES[0], plan)]


async def _beside_limit(rig: Rig, limit: str, path: str, name: str, answer: str, plan: Plan) -> Row:
    results = await in_turns(
        {"ours": _reads(rig.gateway, path, plan), "limit": _reads(limit, path, plan)}, runs=plan.runs
    )
    ours, bare = rate(results["ours"]), rate(results["limit"])
    return Row(
        f"{name} through the gateway, warm ({len(answer)} bytes)",
        f"{ours:,.0f}/s, p99 {latency(results['ours'], 0.99):.1f} ms",
        f"{bare:,.0f}/s the gateway before a bare ASGI app, p99 {latency(results['limit'], 0.99):.1f} ms"
        f" ({ours / bare:.0%})",
        "half the limit",
    )


async def _hop(rig: Rig, catalogue: Catalogue, plan: Plan) -> Row:
    direct = rig.summary["services"][catalogue.service]
    results = await in_turns(
        {
            "gateway": _reads(rig.gateway, catalogue.path, plan, connections=1),
            "direct": _reads(direct, catalogue.path, plan, connections=1),
        },
        runs=plan.runs,
    )
    through, without = latency(results["gateway"], 0.5), latency(results["direct"], 0.5)
    return Row(
        "cost of the gateway hop, p50, one connection",
        f"{through - without:.2f} ms",
        f"{through:.2f} ms through it, {without:.2f} ms to the service",
        "under 1 ms",
    )
