"""The worker process of a service: publishes its events, handles those of others, runs its jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.events.consumer import Consumer
    from shared.events.tables import OutboxMixin
    from shared.jobs import Jobs
    from shared.runtime import Runtime
    from shared.service import ServiceDefinition

Part = Callable[[asyncio.Event], Awaitable[None]]
"""Runs until the event is set, then finishes what it began and returns."""


@dataclass(frozen=True)
class WorkerParts:
    """What a service's worker does."""

    outbox: type[OutboxMixin] | None = None
    """The table whose events it publishes."""
    consumers: Sequence[Consumer] = ()
    jobs: Jobs | None = None
    extra: Sequence[Part] = ()


async def run_worker(definition: ServiceDefinition, runtime: Runtime) -> int:
    """Run until SIGTERM or SIGINT; the exit status."""
    raise NotImplementedError
