"""Telling temporary failures (a server is down) from permanent ones (a bug, a value that cannot be stored)."""

from __future__ import annotations

from typing import Final

from redis.exceptions import ClusterDownError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeout

from shared.db import failures
from shared.db.transactions import DRIVER_ERRORS

OUTAGES: Final = (RedisError, OSError, *DRIVER_ERRORS)
"""What the relay and the consumers bear at their own commands, and try again after a while."""
_REDIS: Final = (RedisConnectionError, RedisTimeout, ReadOnlyError, OutOfMemoryError, ClusterDownError)
"""It is away or loads its data; a replica took over, or there is no room for writes."""


def is_temporary(error: BaseException) -> bool:
    """Whether the failure has nothing to do with the work itself, so that the same may succeed later."""
    return is_outage(error) or _is_unreachable(error)


def is_temporary_or_slow(error: BaseException) -> bool:
    """Whether it may succeed another time, including timeouts of the database: for loops that keep trying."""
    return is_temporary(error) or failures.classify(error) is failures.Failure.SLOW


def is_outage(error: BaseException) -> bool:
    """The same, but only if it was certainly our database or Redis, and not another server."""
    return failures.is_temporary(error) or isinstance(error, _REDIS)


def _is_unreachable(error: BaseException) -> bool:
    """A host without an address or a route: plain OSErrors, like those of files, except that the latter name their
    file."""
    return isinstance(error, OSError) and error.filename is None
