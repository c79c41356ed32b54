"""Twice as much as can be done: what is still served, how fast, and what becomes of the rest."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from tests.load.compare import Row, RunFailed
from tests.load.generator import Result, closed_loop, open_loop, percentile, request_bytes
from tests.load.mix import requests_of
from tests.load.plan import Plan
from tests.load.rig import Rig

BEST_CONNECTIONS = 32
"""With these the best rate is found: each has one request under way."""
OVERLOAD_CONNECTIONS = 1000
FASTEST = 3000
"""Requests a second of the mix that no machine here serves: so many are prepared."""
OWN_LISTS = {
    "platform": "/api/platform/dashboard",
    "coocook": "/api/coocook/bookings?limit=20",
    "sns": "/api/sns/posts",
    "review": "/api/review/my-applications",
    "ai": "/api/ai-automation/employees",
}
"""What a user reads of their own, from the database each time: the dearest of what is asked often."""
REACH = "0.8 of the best rate, p99 under 500 ms, the rest 503"


@dataclass(frozen=True)
class Turn:
    """One run at the best rate, and one offered twice as much."""

    best: Result
    overload: Result

    @property
    def kept(self) -> float:
        """The share of the best rate that was served."""
        return served_a_second(self.overload) / served_a_second(self.best)


async def rows(rig: Rig, plan: Plan) -> list[Row]:
    """The day's mix through the gateway; then each service alone and asked directly, since the gateway and the
    generator need more than a core for what is refused, and would leave too little of two for what is measured."""
    count = int(plan.seconds * (plan.runs + 1) * 3 * FASTEST)
    mix = await requests_of(rig, count=count)
    found = [await _row(rig.gateway, plan, "the day's mix, through the gateway", mix)]
    token = (await rig.log_in())["access_token"]
    for service, path in OWN_LISTS.items():
        headers = {"Authorization": f"Bearer {token}"}
        url = rig.summary["services"][service]
        request = request_bytes("GET", f"{url}{path}", headers=headers)
        found.append(await _row(url, plan, f"{service}: {path}", itertools.repeat(request)))
    return found


async def _row(url: str, plan: Plan, what: str, requests: Iterator[bytes]) -> Row:
    await closed_loop(url, requests, connections=BEST_CONNECTIONS, seconds=plan.seconds)  # to warm up
    turns = [await _turn(url, plan, requests) for _ in range(plan.runs)]
    best = statistics.median(served_a_second(turn.best) for turn in turns)
    served = statistics.median(served_a_second(turn.overload) for turn in turns)
    slowest = statistics.median(percentile(turn.overload.served, 0.99) for turn in turns)
    kept = statistics.median(turn.kept for turn in turns)
    broken = sum(turn.overload.broken for turn in turns)
    refused = sum(turn.overload.statuses[503] for turn in turns)
    return Row(
        f"{what}, offered twice the best rate",
        f"{served:,.0f}/s served ({kept:.0%}), p99 {slowest:.0f} ms; {refused:,} refused, {broken} broken",
        f"best rate {best:,.0f}/s",
        REACH,
    )


async def _turn(url: str, plan: Plan, requests: Iterator[bytes]) -> Turn:
    best = await closed_loop(url, requests, connections=BEST_CONNECTIONS, seconds=plan.seconds)
    overload = await open_loop(
        url,
        requests,
        rate=2 * served_a_second(best),
        connections=OVERLOAD_CONNECTIONS,
        seconds=plan.seconds,
    )
    if strange := set(overload.statuses) - {200, 201, 503}:
        raise RunFailed(f"unexpected statuses {strange}")
    return Turn(best, overload)


def served_a_second(result: Result) -> float:
    """Answers below 400 a second."""
    return len(result.served) / result.seconds
