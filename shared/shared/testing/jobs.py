"""Looking at the queue in tests: what was enqueued, also inside a transaction that is rolled back."""

from typing import Any

import orjson
from sqlalchemy import text

from shared.db.database import Database

_WAITING = text("SELECT entrypoint, payload FROM pgqueuer WHERE status = 'queued' ORDER BY id")


async def enqueued(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """The waiting jobs' names and payloads, the oldest first."""
    async with database.read(fresh=True) as connection:
        rows = (await connection.execute(_WAITING)).all()
    return [(row.entrypoint, orjson.loads(row.payload)) for row in rows]
