"""What anybody reads of the bootcamp."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any, Final

from sqlalchemy import select

from ai_service.bootcamp import texts
from ai_service.bootcamp.models import BootcampPlan
from ai_service.cache_policy import MEMORY_SECONDS, REDIS_SECONDS
from shared.cache import Entry
from shared.languages import LANGUAGES, Language
from shared.runtime import Runtime
from shared.schemas.json import dumps

SEATS: Final = "bootcamp:seats"
"""The tag of whatever says how many seats are left."""


COURSES: Final[dict[Language, Entry]] = {
    language: Entry.of(dumps(texts.courses(language))) for language in LANGUAGES
}
"""The courses as JSON."""


async def plans(runtime: Runtime, language: Language) -> Entry:
    """The plans as JSON, with the seats that are left."""
    return await runtime.cache.get_or_load_entry(
        f"bootcamp:plans:{language}",
        partial(_load, runtime, language),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(SEATS,),
        at_first_sight=True,
    )


async def _load(runtime: Runtime, language: Language) -> bytes:
    async with runtime.database.read(fresh=True) as connection:
        query = select(BootcampPlan.__table__).order_by(BootcampPlan.slug)
        rows = (await connection.execute(query)).mappings().all()
    return dumps({row["slug"]: _shown(row, language) for row in rows})


def _shown(row: Any, language: Language) -> dict[str, Any]:
    numbers = {"price": row["price"], "seats": row["seats"], "available": row["seats"] - row["taken"]}
    return {**asdict(texts.PLANS[language][row["slug"]]), **numbers}
