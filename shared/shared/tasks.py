"""Waiting for background tasks to end for certain, and for an event within a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

AGAIN_SECONDS: Final = 0.2


async def cancel_and_wait(*tasks: asyncio.Task[Any]) -> None:
    """Cancel the tasks, and return when all of them are over; what they raised is nobody's concern any more.

    Cancels again until they are: `asyncio.wait_for` of Python 3.11, through which redis-py sends every command, forgets
    a cancellation that meets its result, and a task that loops would then go on for ever.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


async def wait_at_most(event: asyncio.Event, seconds: float) -> None:
    """Sleeps, but no longer than until the event."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
