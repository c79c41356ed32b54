"""Figures that can be trusted on a noisy machine: medians of several runs, taken in turns with what stands beside."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.load.generator import Result

Measure = Callable[[], Awaitable[Result]]


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, what stands beside it from the same run, and what it should reach."""

    what: str
    measured: str
    beside: str
    reach: str


class RunFailed(RuntimeError):
    """A run met errors or answers it should not have met, so its figures mean nothing."""


def checked(name: str, result: Result, expected: Sequence[int] = (200,)) -> Result:
    """The result, of which every answer is one that was expected. Raises RunFailed."""
    strange = {status: n for status, n in result.statuses.items() if status not in expected}
    if strange or result.broken or not result.latencies:
        raise RunFailed(f"{name}: {result.broken} broken, unexpected statuses {strange}")
    return result


async def in_turns(
    measures: dict[str, Measure], *, runs: int, expected: Sequence[int] = (200,)
) -> dict[str, list[Result]]:
    """Run each measure `runs` times, taking turns, after one run each that warms up and is thrown away.

    Raises:
        RunFailed: when any run saw a lost connection or a status that is not `expected`.
    """
    results: dict[str, list[Result]] = {name: [] for name in measures}
    for turn in range(runs + 1):
        for name, measure in measures.items():
            result = checked(name, await measure(), expected)
            if turn:
                results[name].append(result)
    return results


def rate(results: Sequence[Result]) -> float:
    """The median of answers a second."""
    return statistics.median(result.per_second for result in results)


def latency(results: Sequence[Result], share: float) -> float:
    """The median over the runs of the latency percentile `share`, in milliseconds."""
    return statistics.median(result.percentile(share) for result in results)


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | beside it, same run | reach |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {r.what} | {r.measured} | {r.beside} | {r.reach} |" for r in rows)])
