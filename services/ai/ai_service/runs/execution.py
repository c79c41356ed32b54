"""Doing a run, in a worker: begin an attempt, ask the model with no transaction open, write down how it ended."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

from ai_service.providers.errors import ProviderError
from ai_service.providers.provider import Provider, Reply
from ai_service.runs import attempts, settling
from ai_service.runs.attempts import Begun, Busy
from ai_service.runs.live import LiveWriter
from ai_service.runs.prompting import call_for, fitting
from ai_service.runs.service import EXECUTE_JOB
from ai_service.runs.settling import Prices
from ai_service.scenarios.kinds import KINDS
from ai_service.scenarios.kinds.kind import Unfit
from shared.clock import utcnow
from shared.db.database import Database
from shared.jobs import enqueue
from shared.outages import is_trouble
from shared.tasks import end

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


class Lost(Exception):
    """The attempt is not ours any more: canceled, or taken for dead."""


async def execute(tools: Tools, *, run_id: int) -> None:
    """One attempt of the run, if it needs one. What fails is queued again in the transaction that says so."""
    begun = await _begin(tools, run_id)
    if begun is None:
        return
    live = LiveWriter(tools.redis, run_id=run_id, attempt=begun.number)
    await live.begin()
    try:
        await _attempt(tools, begun, live)
    except Lost:
        logger.info("run %d: attempt %d is not ours any more", begun.run_id, begun.number)
    except asyncio.CancelledError:
        await _hand_back(tools, begun)
        raise
    await live.end()


async def _begin(tools: Tools, run_id: int) -> Begun | None:
    async with tools.database.session() as session:
        begun = await attempts.begin(session, run_id=run_id, provider=tools.provider)
        if isinstance(begun, Busy):
            after = timedelta(seconds=begun.seconds + AFTER_LEASE)
            await enqueue(session, EXECUTE_JOB, {"run_id": run_id}, after=after)
            return None
    return begun


async def _attempt(tools: Tools, begun: Begun, live: LiveWriter) -> None:
    result: Reply | ProviderError
    try:
        result = await _reply(tools, begun, live)
    except ProviderError as error:
        result = error
    for pause in PAUSES:
        try:
            await _settle(tools, begun, result)
        except Exception as error:  # a reply is too dear to be asked for again because of a deadlock
            if not is_trouble(error):
                raise
            logger.warning("run %d: cannot be settled yet: %r", begun.run_id, error)
            await asyncio.sleep(pause)
        else:
            return
    await _settle(tools, begun, result)


async def _reply(tools: Tools, begun: Begun, live: LiveWriter) -> Reply:
    """The model's, while the attempt is said to be alive every second. Raises ProviderError or Lost."""
    if not await attempts.called(tools.database, begun.token):
        raise Lost
    asking = asyncio.create_task(tools.provider.complete(call_for(begun), live.text))
    until = time.monotonic() + attempts.LEASE.total_seconds()
    try:
        while True:
            done, _ = await asyncio.wait({asking}, timeout=attempts.HEARTBEAT_SECONDS)
            if done:
                return asking.result()
            until = await _beat(tools.database, begun, until)
    finally:
        await end(asking)


async def _beat(database: Database, begun: Begun, until: float) -> float:
    """Until when the attempt is ours now. Raises Lost.

    A database that is away for a moment is waited for; after that its error is raised, and the job comes again.
    """
    began = time.monotonic()
    try:
        if not await attempts.alive(database, begun.token):
            raise Lost
    except Exception as error:
        if not is_trouble(error):
            raise
        logger.warning("run %d: cannot say that it is alive: %r", begun.run_id, error)
        if began > until:
            raise
        return until
    return began + attempts.LEASE.total_seconds()


async def _settle(tools: Tools, begun: Begun, result: Reply | ProviderError) -> None:
    async with tools.database.session() as session:
        found = await settling.held(session, run_id=begun.run_id, token=begun.token)
        if found is None:
            raise Lost
        run, attempt = found
        if isinstance(result, ProviderError):
            await settling.let_down(session, run, attempt, error=result)
            return
        try:
            output = fitting(KINDS[begun.scenario_type], begun.input, result.text)
        except Unfit as unfit:
            complaint = str(unfit)
            await settling.reject(
                session, run, attempt, reply=result, complaint=complaint, prices=tools.prices
            )
            return
        await settling.complete(session, run, attempt, reply=result, output=output, prices=tools.prices)


async def _hand_back(tools: Tools, begun: Begun) -> None:
    """Say that the attempt is over, so that the next worker need not wait for its lease to run out."""
    saying = asyncio.create_task(_say_stopped(tools.database, begun))
    while not saying.done():
        try:
            await asyncio.wait({saying})
        except asyncio.CancelledError:  # who stops a worker says so again and again
            continue
    if saying.exception() is not None:
        logger.warning("run %d: could not be handed back: %r", begun.run_id, saying.exception())


async def _say_stopped(database: Database, begun: Begun) -> None:
    async with database.session() as session:
        found = await settling.held(session, run_id=begun.run_id, token=begun.token)
        if found is not None:
            attempts.interrupt(*found, now=utcnow(), reason=STOPPED)
