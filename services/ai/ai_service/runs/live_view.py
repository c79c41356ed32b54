"""A run's live view as server-sent events: what was written so far, what is being written, and how it ended.

Nothing is held open for a watcher but its connection: it looks into the run's stream several times a second, and every
two seconds it asks the process's RunStatuses, so that it also ends where Redis, the worker or the run is gone. Trouble
with the database cuts no stream: it goes on with what it has, and asks again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from ai_service.runs import service
from ai_service.runs.errors import RunNotFound, TooManyWatchers
from ai_service.runs.live_output import AT_A_TIME, Piece, pieces_after
from ai_service.runs.rules import OPEN
from ai_service.runs.schemas import RunShown
from shared.db.database import Database
from shared.outages import is_temporary_or_slow
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.tasks import cancel_and_wait

PAUSE_SECONDS: Final = 0.2
LOOK_SECONDS: Final = 2.0
"""Each look says something to the client, far oftener than the gateway's read timeout of 12 s."""
SILENT_SECONDS: Final = 4.0
"""For as long as nothing is said while the database is slow to answer."""
MAX_SECONDS: Final = 300.0
"""Then the client comes back by itself, and its token is looked at again."""
START: Final = "0-0"
HEADERS: Final = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
"""Nobody on the way may keep, compress or gather what is sent."""
logger = logging.getLogger(__name__)
MAX_WATCHERS: Final = 500
"""Of one process."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose run is watched, from which position of its stream."""

    user_id: int
    employee_id: int
    run_id: int
    position: str


async def watch(runtime: Runtime, watchers: Watchers, watched: Watched) -> AsyncIterator[bytes]:
    """The events, until the run is over, the process stops, or it has been long enough."""
    watchers.count += 1
    try:
        yield b"retry: 1000\n\n"
        async for event in _View(runtime, watchers, watched).events():
            yield event
    finally:
        watchers.count -= 1


class _View:
    """One watcher's: how far it is in the run's stream, and what it has asked about the run."""

    def __init__(self, runtime: Runtime, watchers: Watchers, watched: Watched) -> None:
        self._runtime = runtime
        self._watchers = watchers
        self._watched = watched
        self._position = watched.position
        self._look: asyncio.Future[str | None] | None = None
        self._looks_at = self._speaks_at = 0.0
        self._ends_at = time.monotonic() + MAX_SECONDS

    async def events(self) -> AsyncIterator[bytes]:
        said = ""
        while self._goes_on():
            async for event in self._pieces():
                yield event
            look = await self._answered()
            if look is None:
                if time.monotonic() >= self._speaks_at:
                    yield self._still_here()
            elif _is_troubled(look):
                yield self._still_here()
            elif (status := look.result()) in OPEN:
                yield self._still_here() if status == said else _event("status", dumps({"status": status}))
                said = status
            else:
                async for event in self._last():
                    yield event
                return

    def _goes_on(self) -> bool:
        return time.monotonic() < self._ends_at and not self._runtime.draining

    def _still_here(self) -> bytes:
        self._speaks_at = time.monotonic() + SILENT_SECONDS
        return b": still here\n\n"

    async def _pieces(self) -> AsyncIterator[bytes]:
        """What was written since the last look into the stream."""
        pieces: list[Piece] | None = None
        while pieces is None or len(pieces) == AT_A_TIME:
            pieces = await pieces_after(self._watchers.redis, self._watched.run_id, self._position)
            for piece in pieces:
                self._position = piece.id
                if piece.kind == "ended":
                    self._looks_at = 0.0  # the database knows how
                else:
                    yield _event(piece.kind, piece.data, id_=piece.id)

    async def _answered(self) -> asyncio.Future[str | None] | None:
        """What was asked about the run, once there is an answer; it is waited for no longer than a pause."""
        if self._look is None and time.monotonic() >= self._looks_at:
            self._look = self._watchers.statuses.ask(self._watched.run_id)
            self._looks_at = time.monotonic() + LOOK_SECONDS
        if self._look is None:
            await asyncio.sleep(PAUSE_SECONDS)
            return None
        await asyncio.wait({self._look}, timeout=PAUSE_SECONDS)
        if not self._look.done():
            return None
        look, self._look = self._look, None
        return look

    async def _last(self) -> AsyncIterator[bytes]:
        """What was written between the last look into the stream and the end, and the run as it is now."""
        async for event in self._pieces():
            yield event
        while self._goes_on():
            try:
                run = await self._run()
            except RunNotFound:
                return
            except Exception as error:
                if not is_temporary_or_slow(error):
                    raise
                yield self._still_here()
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                yield _event("done", dumps(run))
                return

    async def _run(self) -> RunShown:
        watched = self._watched
        return await service.one(
            self._runtime.database,
            user_id=watched.user_id,
            employee_id=watched.employee_id,
            run_id=watched.run_id,
        )


class Watchers:
    """Those of one process: how many there are, and by what they look into streams and at runs."""

    def __init__(self, redis: Redis, statuses: RunStatuses) -> None:
        self.redis = redis
        self.statuses = statuses
        self.count = 0

    def admit(self) -> None:
        """Raises TooManyWatchers."""
        if self.count >= MAX_WATCHERS:
            raise TooManyWatchers(retry_after=5)


class RunStatuses:
    """Asks the database about many runs in one statement, on one connection: hundreds of watchers who each asked for
    themselves would wait for each other, and for the requests, at the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: dict[int, asyncio.Future[str | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    def ask(self, run_id: int) -> asyncio.Future[str | None]:
        """The run's status at a moment after this call, None where it is gone. Not to be cancelled: others wait for it
        too. Raises what the database does."""
        future = self._asked.get(run_id)
        if future is None:
            future = self._asked[run_id] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="ask about watched runs")
        return future

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            await cancel_and_wait(self._asking)

    async def _ask(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                await self._answer(asked)
        finally:
            self._asking = None

    async def _answer(self, asked: dict[int, asyncio.Future[str | None]]) -> None:
        try:
            found = await service.statuses(self._database, list(asked))
        except Exception as error:
            if is_temporary_or_slow(error):
                logger.warning("runs: the status of %d watched runs cannot be read: %r", len(asked), error)
            for future in asked.values():
                future.set_exception(error)
                future.exception()  # who asked may be gone, and then nobody else looks
            return
        for run_id, future in asked.items():
            future.set_result(found.get(run_id))


def _is_troubled(look: asyncio.Future[str | None]) -> bool:
    """Whether the database could not say; any other failure is raised."""
    error = look.exception()
    if error is not None and not is_temporary_or_slow(error):
        raise error
    return error is not None


def _event(kind: str, data: bytes, *, id_: str | None = None) -> bytes:
    """JSON has no line breaks outside of its strings, and in them they are written as signs."""
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {kind}\ndata: ".encode() + data + b"\n\n"
