"""Consumer groups without a worker: each blocks its stream for ever, so an operator has to learn about it.

Only people can tell whether a service was stopped for good or by mistake: nothing is removed automatically.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Final

from redis.asyncio import Redis

from shared.events.consumer_groups import GroupState, group_states

logger = logging.getLogger(__name__)

ABANDONED_SECONDS: Final = 3600.0
REPEAT_SECONDS: Final = 3600.0
"""How often the log says the same of one group again."""
RUNBOOK: Final = "docs/runbooks/dead-letters.md#a-group-is-abandoned"


class AbandonedGroups:
    """Logs which groups of a stream are abandoned: each once, again every REPEAT_SECONDS, and once when it no longer
    is. `limit`: seconds without a worker, while events wait."""

    def __init__(self, redis: Redis, stream: str, *, limit: float) -> None:
        self._redis = redis
        self._stream = stream
        self._limit = limit
        self._said_at: dict[str, float] = {}

    async def report(self) -> None:
        """Log what has changed since the last call, and repeat what was not logged for long."""
        states = await group_states(self._redis, self._stream)
        abandoned = {state.name: state for state in states if state.is_abandoned(self._limit)}
        for name in self._said_at.keys() - abandoned.keys():
            del self._said_at[name]
            logger.info("relay: the group %s holds %s no longer", name, self._stream)
        for name, state in abandoned.items():
            if monotonic() - self._said_at.get(name, float("-inf")) >= REPEAT_SECONDS:
                self._said_at[name] = monotonic()
                self._say(state)

    def _say(self, state: GroupState) -> None:
        logger.error(
            "relay: the group %s is abandoned: no worker for %.0f s, and %s keeps %s events for it."
            " Start its worker, or drop the group: %s",
            state.name,
            state.unused_seconds,
            self._stream,
            state.unread + state.unfinished,
            RUNBOOK,
        )
