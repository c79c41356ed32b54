"""Doing a run, in a worker: begin an attempt, ask the model with no transaction open, write down how it ended."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

from ai_service.providers.errors import ProviderError
from ai_service.providers.provider import Call, Meter, Provider, Reply, Usage
from ai_service.runs import attempts, outcomes
from ai_service.runs.attempts import AttemptInProgress, StartedAttempt
from ai_service.runs.live_output import LiveWriter
from ai_service.runs.outcomes import count_late_usage
from ai_service.runs.prompt_and_reply import call_for, output_of
from ai_service.runs.rules import EXECUTE_JOB, Prices
from ai_service.scenarios.kinds import KINDS
from ai_service.scenarios.kinds.kind import Unfit
from shared.db.database import Database
from shared.jobs import enqueue
from shared.outages import is_temporary_or_slow
from shared.schemas.dates import utcnow
from shared.tasks import cancel_and_wait

logger = logging.getLogger(__name__)

AFTER_LEASE: Final = 0.2
PAUSES: Final = (0.2, 1.0, 3.0)
"""Seconds between attempts to save an outcome; together less than the lease."""
STOPPED: Final = "its worker was stopped"


@dataclass(frozen=True, slots=True)
class ModelCall:
    """What one attempt asks, where its reply is shown meanwhile, and what it has cost so far."""

    call: Call
    live: LiveWriter
    meter: Meter


class AttemptLost(Exception):
    """The attempt is no longer ours: it was canceled or presumed dead."""


class RunExecutor:
    """Executes runs, by this provider at these prices. `redis` is for live output only."""

    def __init__(self, database: Database, redis: Redis, provider: Provider, prices: Prices) -> None:
        self._database = database
        self._redis = redis
        self._provider = provider
        self._prices = prices

    async def close(self) -> None:
        """Close the connections to the provider and to Redis."""
        await self._provider.close()
        await self._redis.aclose()

    async def execute(self, run_id: int) -> None:
        """One attempt of the run, if it needs one. What fails is queued again in the transaction that says so."""
        started = await self._begin(run_id)
        if started is None:
            return
        live = LiveWriter(self._redis, run_id=run_id, attempt=started.number)
        await live.begin()
        call = call_for(started)
        meter = Meter(call.input_tokens)
        try:
            await self._attempt(started, ModelCall(call, live, meter))
        except AttemptLost:
            logger.info("run %d: attempt %d is no longer ours", started.run_id, started.number)
            await _with_retries(started, lambda: _count_late_usage(self._database, started, meter.usage))
        except asyncio.CancelledError:
            await self._release(started, meter.usage)
            raise
        await live.end()

    async def _begin(self, run_id: int) -> StartedAttempt | None:
        async with self._database.session() as session:
            started = await attempts.begin(
                session, run_id=run_id, provider=self._provider, prices=self._prices
            )
            if isinstance(started, AttemptInProgress):
                after = timedelta(seconds=started.seconds + AFTER_LEASE)
                await enqueue(session, EXECUTE_JOB, {"run_id": run_id}, after=after)
                return None
        return started

    async def _attempt(self, started: StartedAttempt, model_call: ModelCall) -> None:
        result: Reply | ProviderError
        try:
            result = await self._reply(started, model_call)
        except ProviderError as error:
            result = error
        await _with_retries(
            started, lambda: _record_outcome(self._database, started, result, model_call.meter.usage)
        )

    async def _reply(self, started: StartedAttempt, model_call: ModelCall) -> Reply:
        """The model's, with a heartbeat of the attempt every second. Raises ProviderError or AttemptLost."""
        call, meter = model_call.call, model_call.meter
        if not await attempts.record_call(self._database, started.token, input_tokens=call.input_tokens):
            raise AttemptLost
        meter.ask()
        completing = asyncio.create_task(self._provider.complete(call, model_call.live.text, meter))
        until = time.monotonic() + attempts.LEASE.total_seconds()
        try:
            while True:
                done, _ = await asyncio.wait({completing}, timeout=attempts.HEARTBEAT_SECONDS)
                if done:
                    return completing.result()
                until = await _extend_lease(self._database, started, meter.usage, until)
        finally:
            await cancel_and_wait(completing)

    async def _release(self, started: StartedAttempt, usage: Usage) -> None:
        """Say that the attempt is over, so that the next worker need not wait for its lease to run out."""
        recording = asyncio.create_task(_record_stop(self._database, started, usage))
        while not recording.done():
            try:
                await asyncio.wait({recording})
            except asyncio.CancelledError:  # who stops a worker says so again and again
                continue
        if recording.exception() is not None:
            logger.warning("run %d: could not be released: %r", started.run_id, recording.exception())


async def _with_retries(started: StartedAttempt, write: Callable[[], Awaitable[None]]) -> None:
    """What a model has said or cost is too dear to be lost because of a deadlock."""
    for pause in PAUSES:
        try:
            await write()
        except Exception as error:
            if not is_temporary_or_slow(error):
                raise
            logger.warning("run %d: its result cannot be saved yet: %r", started.run_id, error)
            await asyncio.sleep(pause)
        else:
            return
    await write()


async def _extend_lease(database: Database, started: StartedAttempt, usage: Usage, until: float) -> float:
    """Until when the attempt is ours now. Raises AttemptLost.

    A database that is away for a moment is waited for; after that its error is raised, and the job comes again.
    """
    began = time.monotonic()
    try:
        if not await attempts.record_heartbeat(database, started.token, usage):
            raise AttemptLost
    except Exception as error:
        if not is_temporary_or_slow(error):
            raise
        logger.warning("run %d: its lease cannot be extended: %r", started.run_id, error)
        if began > until:
            raise
        return until
    return began + attempts.LEASE.total_seconds()


async def _record_outcome(
    database: Database, started: StartedAttempt, result: Reply | ProviderError, usage: Usage
) -> None:
    async with database.session() as session:
        found = await outcomes.lock_attempt(session, run_id=started.run_id, token=started.token)
        if found is None:
            raise AttemptLost
        run, attempt = found
        if isinstance(result, ProviderError):
            await outcomes.provider_failed(session, run, attempt, error=result, usage=usage)
            return
        try:
            output = output_of(KINDS[started.scenario_type], started.input, result)
        except Unfit as unfit:
            await outcomes.reject(session, run, attempt, reply=result, complaint=str(unfit), usage=usage)
            return
        await outcomes.complete(session, run, attempt, output=output, usage=usage)


async def _count_late_usage(database: Database, started: StartedAttempt, usage: Usage) -> None:
    async with database.session() as session:
        await count_late_usage(session, run_id=started.run_id, token=started.token, usage=usage)


async def _record_stop(database: Database, started: StartedAttempt, usage: Usage) -> None:
    async with database.session() as session:
        found = await outcomes.lock_attempt(session, run_id=started.run_id, token=started.token)
        if found is not None:
            attempts.interrupt(*found, now=utcnow(), reason=STOPPED, usage=usage)
            return
    await _count_late_usage(database, started, usage)
