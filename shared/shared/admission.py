"""Admission control: a process works on a bounded number of requests, and refuses those that it could not serve in
time.

Without a limit, every new request slows down all others, until none is answered before its client gives up. A request
that finds no free permit waits its turn. The queue is limited by waiting time, as in CoDel (RFC 8289), in the form that
Facebook's servers use ("Fail at Scale", ACM Queue 13/8): a burst may wait for a while, but a queue that has not been
empty for that long is an overload, in which waiting helps nobody, so it is kept short.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextvars import ContextVar
from time import monotonic
from typing import Final, NamedTuple

from prometheus_client import Counter, Gauge

from shared.errors import Unavailable

logger = logging.getLogger(__name__)
refused_total = Counter(
    "http_requests_refused", "Requests refused at once because the service was overloaded."
)
waiting = Gauge("http_requests_waiting", "Requests that wait to be begun.")

BURST_SECONDS: Final = 0.2
"""The longest wait for a permit, and how long the queue may stand before it counts as an overload."""
OVERLOAD_SECONDS: Final = 0.05
"""The longest wait during an overload."""
JOIN_SHARE: Final = 0.5
"""Who would wait for more than this share of the longest wait does not join the queue: to wait and be refused after all
costs three times what a refusal at once does."""
WAITING_PER_PERMIT: Final = 16
"""A bound on the length of the queue as well, for when nothing moves and so nobody can say how long a wait will be."""
TICK_SECONDS: Final = 0.02
REPORT_SECONDS: Final = 1.0
"""Refusals are logged together, that often at most: a line for each would cost as much as the refusal."""


class Overloaded(Unavailable):
    """The service has more requests than it can serve right now; try again in a moment."""


class Permit:
    """The right to be worked on. Given back once, however often `release` is called."""

    __slots__ = ("_queue",)

    def __init__(self, queue: AdmissionQueue) -> None:
        self._queue: AdmissionQueue | None = queue

    def release(self) -> None:
        """Lets the next one in."""
        if self._queue is not None:
            queue, self._queue = self._queue, None
            queue._release()


current: ContextVar[Permit | None] = ContextVar("softfactory_permit", default=None)


def release_permit() -> None:
    """The current request now waits for an external system, which has limits of its own: until then it blocks no other
    request.

    Afterwards it continues without a permit. Outside a request this does nothing.
    """
    if (permit := current.get()) is not None:
        permit.release()


class _Waiting(NamedTuple):
    admitted: asyncio.Future[Permit | None]
    since: float


class AdmissionQueue:
    """At most `permits` requests at a time, in the order in which they came. Belongs to one event loop."""

    def __init__(self, *, permits: int) -> None:
        self._permits = permits
        self._at_work = 0
        self._waiting: deque[_Waiting] = deque()
        self._empty_at = monotonic()
        self._given_at = 0.0
        self._pace = 0.0
        self._late = 0.0
        self._ticker: asyncio.TimerHandle | None = None
        self._unreported = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def take(self) -> Permit | None:
        """A permit if one is free; None if one has to be waited for."""
        if self._at_work < self._permits and not self._waiting:
            self._at_work += 1
            return Permit(self)
        return None

    def is_full(self) -> bool:
        """Whether `wait` would raise at once. Costs next to nothing while nobody waits."""
        return bool(self._waiting) and self._is_full(monotonic())

    def count_refusal(self) -> None:
        """Somebody was refused because of `is_full`."""
        refused_total.inc()
        if not self._unreported:
            asyncio.get_running_loop().call_later(REPORT_SECONDS, self._report)
        self._unreported += 1

    async def wait(self) -> Permit:
        """A permit, after a wait. Raises Overloaded at once if the wait would be too long, or later if it turns out to
        be."""
        now = monotonic()
        if not self._waiting:
            self._empty_at = now
        if self._is_full(now):
            raise self._refusal()
        admitted: asyncio.Future[Permit | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(admitted, now))
        waiting.inc()
        if self._ticker is None:
            self._tick_on(now)
        try:
            permit = await admitted
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled() and (unused := admitted.result()):
                unused.release()
            raise
        if permit is None:
            raise self._refusal()
        return permit

    def _release(self) -> None:
        self._at_work -= 1
        now = monotonic()
        self._refuse_late(now)
        self._measure(now)
        while self._waiting and self._at_work < self._permits:
            admitted = self._next()
            if not admitted.done():
                self._at_work += 1
                admitted.set_result(Permit(self))

    def _next(self) -> asyncio.Future[Permit | None]:
        waiting.dec()
        return self._waiting.popleft().admitted

    def _is_full(self, now: float) -> bool:
        too_many = len(self._waiting) >= self._permits * WAITING_PER_PERMIT
        return too_many or len(self._waiting) * self._pace > self._patience(now) * JOIN_SHARE

    def _patience(self, now: float) -> float:
        """How long a request may wait. While the event loop is late no request can be admitted, so that time does not
        count."""
        standing = now - self._empty_at > BURST_SECONDS
        return (OVERLOAD_SECONDS if standing else BURST_SECONDS) + self._late

    def _measure(self, now: float) -> None:
        """The mean time from one permit to the next while others wait, of about the last ten."""
        if self._waiting and self._given_at:
            self._pace += (now - self._given_at - self._pace) / 10
        self._given_at = now if self._waiting else 0.0

    def _refuse_late(self, now: float) -> None:
        patience = self._patience(now)
        while self._waiting and now - self._waiting[0].since > patience:
            admitted = self._next()
            if not admitted.done():
                admitted.set_result(None)

    def _tick_on(self, now: float) -> None:
        due = now + TICK_SECONDS
        self._ticker = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick, due)

    def _tick(self, due: float) -> None:
        """Sees how late the event loop is, and refuses also while no permit comes back."""
        now = monotonic()
        self._late = max(now - due, 0.0)
        self._refuse_late(now)
        self._ticker = None
        if self._waiting:
            self._tick_on(now)

    def _refusal(self) -> Overloaded:
        self.count_refusal()
        return Overloaded()

    def _report(self) -> None:
        logger.warning(
            "overloaded: %d requests refused; %d in progress, %d waiting, the event loop is %.0f ms late",
            self._unreported, self._at_work, len(self), self._late * 1000,
        )  # fmt: skip
        self._unreported = 0
