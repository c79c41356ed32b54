"""One worker of a service at a time relays, and one consumes: that keeps events in order.

The others stand by. An advisory lock belongs to its connection, so a leader that dies is replaced within a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import asyncpg

from shared.db.engine import WORKER_SETTINGS
from shared.db.statements import ObservedConnection
from shared.db.transactions import DRIVER_ERRORS
from shared.tasks import wait_at_most

TRY_SECONDS: Final = 1.0
_NAMESPACE: Final = 0x0E7E  # keeps our locks apart from those of migrations
_SETTINGS: Final = {
    **WORKER_SETTINGS,
    # A leader whose machine vanished is given up by the server after 15 seconds.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
}


@asynccontextmanager
async def leader(url: str, name: str, stop: asyncio.Event) -> AsyncIterator[asyncpg.Connection | None]:
    """Waits until this process leads in `name`: the connection that holds the lock. None if `stop` came first."""
    connection = await asyncpg.connect(
        url,
        timeout=5,
        command_timeout=10,
        server_settings={**_SETTINGS, "application_name": name},
        connection_class=ObservedConnection,
    )
    try:
        while not stop.is_set():
            statement = "SELECT pg_try_advisory_lock($1, hashtext($2))"
            if await connection.fetchval(statement, _NAMESPACE, name):
                yield connection
                return
            await wait_at_most(stop, TRY_SECONDS)
        yield None
    finally:
        with suppress(OSError, TimeoutError, *DRIVER_ERRORS):
            await connection.close(timeout=2)
