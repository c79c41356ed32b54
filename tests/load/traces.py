"""What a request that is not recorded pays for traces: a process with a collector beside one without."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Awaitable, Callable

import psutil

from testing.otlp import Collector
from tests.load.compare import Row, checked
from tests.load.generator import closed_loop, request_bytes
from tests.load.plan import Plan
from tests.load.rig import Rig

CONNECTIONS = 1
"""Of several, a process handles as many at once as it finds waiting: the busier the machine, the cheaper is each."""
UNRECORDED = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}
LISTS = {
    "a user's bookings, from PostgreSQL": "/api/coocook/bookings",
    "chef list, from memory": "/api/coocook/chefs",
}


async def rows(rig: Rig, plan: Plan) -> list[Row]:
    """Processor time of a request, which the other processes of a busy machine change less than its latency."""
    (token,) = await rig.subscribers(1)
    headers = {**UNRECORDED, "Authorization": f"Bearer {token}"}
    with Collector() as collector:
        without = await rig.run_like("coocook-api")
        traced = await rig.run_like(
            "coocook-api", OTLP_ENDPOINT=collector.url, TRACE_RATIO="0", SLOW_REQUEST_SECONDS="9"
        )
        return [await _row(name, path, headers, without, traced, plan) for name, path in LISTS.items()]


async def _row(
    name: str,
    path: str,
    headers: dict[str, str],
    without: tuple[str, psutil.Process],
    traced: tuple[str, psutil.Process],
    plan: Plan,
) -> Row:
    off, on = _costs(name, path, headers, without, plan), _costs(name, path, headers, traced, plan)
    found: list[tuple[float, float]] = []
    for turn in range(2 * plan.runs + 1):
        # Whoever comes second finds a warmer machine, so they change places.
        pair = (await off(), await on()) if turn % 2 else (await on(), await off())[::-1]
        if turn:
            found.append(pair)
    base, cost = (statistics.median(each) for each in zip(*found, strict=True))
    more = statistics.median(second / first for first, second in found) - 1
    return Row(
        f"a request that is not recorded, traces configured: {name}",
        f"{cost:.0f} us of the process ({more:+.1%}, the median of pairs)",
        f"{base:.0f} us without a collector",
        "at most 3 % more",
    )


def _costs(
    name: str, path: str, headers: dict[str, str], target: tuple[str, psutil.Process], plan: Plan
) -> Callable[[], Awaitable[float]]:
    """Measures microseconds of the process for each of its answers."""
    url, process = target
    request = request_bytes("GET", url + path, headers=headers)

    async def measure() -> float:
        before = sum(process.cpu_times()[:2])
        result = await closed_loop(
            url, itertools.repeat(request), connections=CONNECTIONS, seconds=plan.seconds
        )
        checked(name, result)
        return (sum(process.cpu_times()[:2]) - before) / len(result.latencies) * 1e6

    return measure
