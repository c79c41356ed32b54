"""What anybody reads of the bootcamp."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from sqlalchemy import select

from ai_service.bootcamp.models import BootcampPlan
from ai_service.keeping import MEMORY_SECONDS, REDIS_SECONDS
from shared.cache import Entry
from shared.runtime import Runtime
from shared.schemas.json import dumps

PLANS_KEY: Final = "bootcamp:plans"
SEATS: Final = "bootcamp:seats"
"""The tag of whatever says how many seats are left."""


async def plans(runtime: Runtime) -> Entry:
    """The plans as JSON, with the seats that are left."""
    return await runtime.cache.get_or_load_entry(
        PLANS_KEY,
        partial(_load, runtime),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(SEATS,),
        at_first_sight=True,
    )


async def _load(runtime: Runtime) -> bytes:
    async with runtime.database.read(fresh=True) as connection:
        query = select(BootcampPlan.__table__).order_by(BootcampPlan.slug)
        rows = (await connection.execute(query)).mappings().all()
    return dumps({row["slug"]: _shown(row) for row in rows})


def _shown(row: Any) -> dict[str, Any]:
    names = ("name", "price", "duration", "schedule", "seats")
    return {**{name: row[name] for name in names}, "available": row["seats"] - row["taken"]}
