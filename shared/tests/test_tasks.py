"""Background tasks end when they are told to, also those that lose a cancellation."""

from __future__ import annotations

import asyncio

from shared.tasks import cancel_and_wait


async def _forgetful(times: int) -> None:
    while True:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            times -= 1
            if times < 0:
                raise


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    task = asyncio.create_task(_forgetful(1))
    await asyncio.sleep(0)
    await asyncio.wait_for(cancel_and_wait(task), 2)
    assert task.cancelled()


async def test_what_a_task_raised_stays_with_it() -> None:
    async def broken() -> None:
        raise ValueError("its own business")

    task = asyncio.create_task(broken())
    await asyncio.wait({task})
    await cancel_and_wait(task)
    assert isinstance(task.exception(), ValueError)
