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
from ai_service.providers.metering import Meter, Usage
from ai_service.providers.provider import Call, Provider, Reply
from ai_service.runs import attempts, settling
from ai_service.runs.accounting import count_late
from ai_service.runs.attempts import Begun, Busy
from ai_service.runs.live import LiveWriter
from ai_service.runs.parsing import output_of
from ai_service.runs.prompting import call_for
from ai_service.runs.rules import Prices
from ai_service.runs.service import EXECUTE_JOB
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
"""Seconds between tries to settle; together less than the lease."""
STOPPED: Final = "its worker was stopped"


@dataclass(frozen=True)
class Tools:
    """What a worker works with."""

    database: Database
    redis: Redis
    """For live output only."""
    provider: Provider
    prices: Prices


@dataclass(frozen=True, slots=True)
class Asking:
    """What one attempt asks, where its reply is shown meanwhile, and what it has cost so far."""

    call: Call
    live: LiveWriter
    meter: Meter


class Lost(Exception):
    """The attempt is no longer ours: it was canceled or presumed dead."""


async def execute(tools: Tools, *, run_id: int) -> None:
    """One attempt of the run, if it needs one. What fails is queued again in the transaction that says so."""
    begun = await _begin(tools, run_id)
    if begun is None:
        return
    live = LiveWriter(tools.redis, run_id=run_id, attempt=begun.number)
    await live.begin()
    call = call_for(begun)
    meter = Meter(call.input_tokens)
    try:
        await _attempt(tools, begun, Asking(call, live, meter))
    except Lost:
        logger.info("run %d: attempt %d is no longer ours", begun.run_id, begun.number)
        await _patiently(begun, lambda: _count_late(tools.database, begun, meter.usage))
    except asyncio.CancelledError:
        await _hand_back(tools, begun, meter.usage)
        raise
    await live.end()


async def _begin(tools: Tools, run_id: int) -> Begun | None:
    async with tools.database.session() as session:
        begun = await attempts.begin(session, run_id=run_id, provider=tools.provider, prices=tools.prices)
        if isinstance(begun, Busy):
            after = timedelta(seconds=begun.seconds + AFTER_LEASE)
            await enqueue(session, EXECUTE_JOB, {"run_id": run_id}, after=after)
            return None
    return begun


async def _attempt(tools: Tools, begun: Begun, asking: Asking) -> None:
    result: Reply | ProviderError
    try:
        result = await _reply(tools, begun, asking)
    except ProviderError as error:
        result = error
    await _patiently(begun, lambda: _settle(tools.database, begun, result, asking.meter.usage))


async def _patiently(begun: Begun, write: Callable[[], Awaitable[None]]) -> None:
    """What a model has said or cost is too dear to be lost because of a deadlock."""
    for pause in PAUSES:
        try:
            await write()
        except Exception as error:
            if not is_temporary_or_slow(error):
                raise
            logger.warning("run %d: its result cannot be saved yet: %r", begun.run_id, error)
            await asyncio.sleep(pause)
        else:
            return
    await write()


async def _reply(tools: Tools, begun: Begun, asking: Asking) -> Reply:
    """The model's, while the attempt is said to be alive every second. Raises ProviderError or Lost."""
    call, meter = asking.call, asking.meter
    if not await attempts.called(tools.database, begun.token, input_tokens=call.input_tokens):
        raise Lost
    meter.ask()
    completing = asyncio.create_task(tools.provider.complete(call, asking.live.text, meter))
    until = time.monotonic() + attempts.LEASE.total_seconds()
    try:
        while True:
            done, _ = await asyncio.wait({completing}, timeout=attempts.HEARTBEAT_SECONDS)
            if done:
                return completing.result()
            until = await _beat(tools.database, begun, meter.usage, until)
    finally:
        await cancel_and_wait(completing)


async def _beat(database: Database, begun: Begun, usage: Usage, until: float) -> float:
    """Until when the attempt is ours now. Raises Lost.

    A database that is away for a moment is waited for; after that its error is raised, and the job comes again.
    """
    began = time.monotonic()
    try:
        if not await attempts.alive(database, begun.token, usage):
            raise Lost
    except Exception as error:
        if not is_temporary_or_slow(error):
            raise
        logger.warning("run %d: its lease cannot be extended: %r", begun.run_id, error)
        if began > until:
            raise
        return until
    return began + attempts.LEASE.total_seconds()


async def _settle(database: Database, begun: Begun, result: Reply | ProviderError, usage: Usage) -> None:
    async with database.session() as session:
        found = await settling.held(session, run_id=begun.run_id, token=begun.token)
        if found is None:
            raise Lost
        run, attempt = found
        if isinstance(result, ProviderError):
            await settling.provider_failed(session, run, attempt, error=result, usage=usage)
            return
        try:
            output = output_of(KINDS[begun.scenario_type], begun.input, result)
        except Unfit as unfit:
            await settling.reject(session, run, attempt, reply=result, complaint=str(unfit), usage=usage)
            return
        await settling.complete(session, run, attempt, output=output, usage=usage)


async def _count_late(database: Database, begun: Begun, usage: Usage) -> None:
    async with database.session() as session:
        await count_late(session, run_id=begun.run_id, token=begun.token, usage=usage)


async def _hand_back(tools: Tools, begun: Begun, usage: Usage) -> None:
    """Say that the attempt is over, so that the next worker need not wait for its lease to run out."""
    saying = asyncio.create_task(_say_stopped(tools.database, begun, usage))
    while not saying.done():
        try:
            await asyncio.wait({saying})
        except asyncio.CancelledError:  # who stops a worker says so again and again
            continue
    if saying.exception() is not None:
        logger.warning("run %d: could not be released: %r", begun.run_id, saying.exception())


async def _say_stopped(database: Database, begun: Begun, usage: Usage) -> None:
    async with database.session() as session:
        found = await settling.held(session, run_id=begun.run_id, token=begun.token)
        if found is not None:
            attempts.interrupt(*found, now=utcnow(), reason=STOPPED, usage=usage)
            return
    await _count_late(database, begun, usage)
