"""Waiting in tests without sleeping for a guessed time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    probe: Callable[[], Awaitable[T]],
    *,
    within: float = 5,
    every: float = 0.02,
    until: Callable[[T], bool] = bool,
) -> T:
    """Calls `probe` until its answer satisfies `until` (by default: is true) and returns that answer.

    An AssertionError of the probe counts as "not yet". Raises AssertionError with the last answer when time is up.
    """
    deadline = time.monotonic() + within
    while True:
        last: object
        try:
            answer = await probe()
            if until(answer):
                return answer
            last = answer
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s; last: {last!r}")
        await asyncio.sleep(every)


async def always(probe: Callable[[], Awaitable[object]], *, during: float, every: float = 0.02) -> None:
    """Asserts that `probe` is true all the time, for what must not happen: a sleep would see its end alone."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        answer = await probe()
        assert answer, f"no longer true: {answer!r}"
        await asyncio.sleep(every)
