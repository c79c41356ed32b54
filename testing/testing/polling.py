"""Waiting in tests without sleeping for a guessed time."""

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
