"""Runs steps, each as soon as what it needs is there, and prints a line for each."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from stack.program import Step

Run = Callable[[Step], Awaitable[str]]


class Progress:
    """Lines for people and for logs alike: no colours, no line that changes."""

    def __init__(self) -> None:
        self.started = time.monotonic()

    def say(self, text: str) -> None:
        print(text, flush=True)

    def done(self, name: str, what: str, since: float) -> None:
        self.say(f"  {name:<18} {what:<46} {time.monotonic() - since:5.1f} s")


async def run_steps(steps: Iterable[Step], run: Run, progress: Progress) -> None:
    """Runs every step after those that it names. The first failure stops the others and is raised."""
    wanted = list(steps)
    finished = {step.name: asyncio.Event() for step in wanted}

    async def follow(step: Step) -> None:
        for name in step.after:
            if name in finished:  # what is left out of this run is not waited for
                await finished[name].wait()
        since = time.monotonic()
        progress.done(step.name, await run(step), since)
        finished[step.name].set()

    try:
        async with asyncio.TaskGroup() as group:
            for step in wanted:
                group.create_task(follow(step))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
