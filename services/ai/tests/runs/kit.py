"""What runs and their attempts have come to, and what was asked of the model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text, update

from ai_service.runs.rules import Prices
from ai_service.schema import Attempt, Run
from fakes.language_models import ModelsServer
from shared.db.database import Database
from testing import eventually

PRICES = Prices(Decimal(3), Decimal(15))
Read = Callable[[], Awaitable[dict[str, Any]]]


async def state(database: Database, run_id: int) -> tuple[str, list[str]]:
    """The run's status and its attempts'."""
    async with database.session() as session:
        run = (await session.get_one(Run, run_id)).status
        query = select(Attempt.status).where(Attempt.run_id == run_id).order_by(Attempt.number)
        return run, list(await session.scalars(query))


async def lapse(database: Database) -> None:
    """Let every lease run out, as it does when a worker is silent."""
    async with database.session() as session:
        await session.execute(update(Attempt).values(lease_until=text("clock_timestamp() - interval '1 s'")))


async def asked(models: ModelsServer, times: int) -> None:
    async def count() -> int:
        return len(models.calls)

    await eventually(count, within=20, until=lambda found: found == times)


async def statuses(read: Read) -> list[str]:
    return [attempt["status"] for attempt in (await read())["attempts"]]
