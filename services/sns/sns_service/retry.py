"""Waiting for a database outage to end, where giving up would lose what only a network or a user could
provide again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from shared.db.transactions import DRIVER_ERRORS
from shared.outages import is_temporary

T = TypeVar("T")
logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 15.0
"""How long to wait for the database."""
PAUSE_SECONDS: Final = 0.25
OUTAGES: Final = (OSError, DBAPIError, NoConnection, *DRIVER_ERRORS)


async def with_retries(work: Callable[[], Awaitable[T]], *, seconds: float, what: str) -> T:
    """What `work`, a transaction that may be repeated, comes to; tried again for so long where that may help.

    Raises one of OUTAGES.
    """
    deadline = time.monotonic() + seconds
    said = False
    while True:
        try:
            return await work()
        except Exception as error:
            if time.monotonic() > deadline or not is_temporary(error):
                raise
            if not said:
                logger.warning("the database is unavailable, %s: %r", what, error)
            said = True
            await asyncio.sleep(PAUSE_SECONDS)
