"""Reads that anybody may make, and what the gateway adds to them."""

from __future__ import annotations

import itertools

import httpx

from tests.load.compare import Measure, Row, in_turns, latency, rate
from tests.load.generator import closed_loop, request_bytes
from tests.load.plan import Plan
from tests.load.rig import Rig

CONNECTIONS = 32


def _reads(base: str, path: str, plan: Plan, *, connections: int = CONNECTIONS) -> Measure:
    request = request_bytes("GET", base + path)
    return lambda: closed_loop(base, itertools.repeat(request), connections=connections, seconds=plan.seconds)


async def rows(rig: Rig, plan: Plan) -> list[Row]:
    """The chef list and one chef through the gateway, each beside a bare app that sends the same bytes."""
    async with httpx.AsyncClient(base_url=rig.gateway) as anybody:
        chef = (await anybody.get("/api/coocook/chefs")).json()["chefs"][0]["id"]
        paths = ["/api/coocook/chefs", f"/api/coocook/chefs/{chef}"]
        answers = {path: (await anybody.get(path)).text for path in paths}
    limit = await rig.second_gateway(await rig.bare_bytes(answers))
    found = []
    for name, path in zip(("chef list", "one chef"), paths, strict=True):
        results = await in_turns(
            {"ours": _reads(rig.gateway, path, plan), "limit": _reads(limit, path, plan)}, runs=plan.runs
        )
        ours, bare = rate(results["ours"]), rate(results["limit"])
        found.append(
            Row(
                f"{name} through the gateway, warm ({len(answers[path])} bytes)",
                f"{ours:,.0f}/s, p99 {latency(results['ours'], 0.99):.1f} ms",
                f"{bare:,.0f}/s the gateway before a bare ASGI app, p99 {latency(results['limit'], 0.99):.1f} ms"
                f" ({ours / bare:.0%})",
                "half the limit",
            )
        )
    found.append(await _hop(rig, paths[0], plan))
    return found


async def _hop(rig: Rig, path: str, plan: Plan) -> Row:
    direct = rig.summary["services"]["coocook"]
    results = await in_turns(
        {
            "gateway": _reads(rig.gateway, path, plan, connections=1),
            "direct": _reads(direct, path, plan, connections=1),
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
