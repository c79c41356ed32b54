"""Telling what passes by itself (a server is away) from what does not (a bug, a value that nobody can store)."""

from typing import Final

from asyncpg import InternalClientError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.db.driver import DRIVER_ERRORS

OUTAGES: Final = (RedisError, OSError, *DRIVER_ERRORS)
"""What the relay and the consumers bear at their own commands, and try again after a while."""
_PASSING_STATES: Final = ("08", "53", "57P", "40")
"""Connections, resources, shutdowns; deadlocks and serialization failures."""


class HandlerTooSlow(Exception):
    """A handler took longer than it may."""


def passes(error: BaseException) -> bool:
    """Whether a handler failed for a reason that has nothing to do with its event."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _state(error.orig).startswith(_PASSING_STATES)
    if isinstance(error, DRIVER_ERRORS):
        return isinstance(error, InternalClientError) or _state(error).startswith(_PASSING_STATES)
    return isinstance(error, OSError | PoolTimeout | RedisConnectionError | RedisTimeout)


def _state(error: BaseException | None) -> str:
    return str(getattr(error, "sqlstate", None) or "")
