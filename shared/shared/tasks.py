"""Waiting until background tasks have really ended, and for an event within a time limit."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

AGAIN_SECONDS: Final = 0.2


async def cancel_and_wait(*tasks: asyncio.Task[Any]) -> None:
    """Cancel the tasks, and return when all of them have ended; their errors are ignored.

    Cancels again until they have: `asyncio.wait_for` of Python 3.11, through which redis-py sends every command, loses
    a cancellation that arrives together with its result, and a looping task would then run for ever.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


async def wait_at_most(event: asyncio.Event, seconds: float) -> None:
    """Sleeps, but only until the event."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
