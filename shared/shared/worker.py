"""The worker process of a service: publishes its events, handles those of others, runs its jobs."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from shared.events.delivery import Delivery
from shared.events.metrics import Measure, measure_consumer, measure_outbox, measure_stream, watch
from shared.events.relay import Relay
from shared.jobs.metrics import measure_jobs
from shared.observability.metrics import observed
from shared.process import collect_garbage_less_often, lower_priority
from shared.tasks import cancel_and_wait
from shared.web.health import HealthServer

if TYPE_CHECKING:
    from shared.jobs import Jobs
    from shared.runtime import Runtime
    from shared.service import Part, ServiceDefinition, WorkerParts

logger = logging.getLogger(__name__)

GRACE_SECONDS: Final = 10.0
JOBS_GRACE_SECONDS: Final = 8.0


async def run_worker(definition: ServiceDefinition, runtime: Runtime) -> int:
    """Run until SIGTERM or SIGINT; the exit status.

    Then nothing new is begun, and running work has GRACE_SECONDS to end. A part that fails stops the others in the same
    way, and the status is 1, so that the process's supervisor restarts it.
    """
    parts = definition.worker(runtime)
    collect_garbage_less_often()
    if parts.niceness:
        lower_priority(parts.niceness)
    stop = asyncio.Event()
    failed: list[str] = []
    try:
        async with observed(runtime.database, runtime.cache), HealthServer(runtime):
            with _stopping_on_signals(stop, runtime):
                await _run_parts(_named_parts(definition.name, parts, runtime), stop, failed)
    except OSError as error:
        logger.error("worker: cannot listen on port %s: %s", runtime.settings.worker_port, error)
        return 1
    finally:
        if parts.close is not None:
            await parts.close()
    return 1 if failed else 0


def _named_parts(service: str, parts: WorkerParts, runtime: Runtime) -> dict[str, Part]:
    named: dict[str, Part] = {}
    if parts.outbox is not None:
        named["relay"] = Relay(
            service,
            runtime.database.url,
            runtime.redis,
            readers=parts.readers,
            abandoned_seconds=runtime.settings.abandoned_group_seconds,
        ).run
    for number, consumer in enumerate(parts.consumers):
        named[f"consumer {number}"] = Delivery(consumer, runtime.database, runtime.redis).run
    if parts.jobs is not None:
        named["jobs"] = partial(_run_jobs, parts.jobs, runtime)
    named["metrics"] = partial(_watch, service, parts, runtime)
    named |= {f"extra {number}": part for number, part in enumerate(parts.extra)}
    return named


async def _run_jobs(jobs: Jobs, runtime: Runtime, stop: asyncio.Event) -> None:
    from shared.jobs.worker import run_jobs

    await run_jobs(jobs, runtime, stop=stop, drain_seconds=JOBS_GRACE_SECONDS)


async def _watch(service: str, parts: WorkerParts, runtime: Runtime, stop: asyncio.Event) -> None:
    database, redis = runtime.database, runtime.redis
    measures: list[Measure] = []
    if parts.outbox is not None:
        limit = runtime.settings.abandoned_group_seconds
        measures.append(partial(measure_outbox, database))
        measures.append(partial(measure_stream, redis, service, abandoned_seconds=limit))
    measures += [partial(measure_consumer, redis, consumer) for consumer in parts.consumers]
    if parts.jobs is not None:
        measures.append(partial(measure_jobs, database, parts.jobs))
    await watch([*measures, *(partial(measure, database) for measure in parts.measures)], stop)


async def _run_parts(parts: dict[str, Part], stop: asyncio.Event, failed: list[str]) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_guarded(name, part, stop, failed)) for name, part in parts.items()]
        logger.info("worker: runs %s", ", ".join(parts))
        await stop.wait()
        _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
        await cancel_and_wait(*late)
    logger.info("worker: stopped")


async def _guarded(name: str, part: Part, stop: asyncio.Event, failed: list[str]) -> None:
    try:
        await part(stop)
        if not stop.is_set():
            raise RuntimeError("it returned although it was not asked to stop")
    except Exception:
        logger.exception("worker: %s failed; the process stops", name)
        failed.append(name)
    finally:
        stop.set()


@contextmanager
def _stopping_on_signals(stop: asyncio.Event, runtime: Runtime) -> Iterator[None]:
    """The first signal stops gracefully; SIGKILL stops at once and loses nothing either."""

    def begin_to_stop() -> None:
        runtime.draining = True
        stop.set()

    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, begin_to_stop)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
