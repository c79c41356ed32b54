"""How far a search looks at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from review_service.search import queries
from review_service.search_index import terms

LONGEST: Final = 8
"""In generations. Measured: a stride that finds too much costs more than one more stride."""


@dataclass(frozen=True, slots=True)
class Look:
    """The newest campaign, and the values `generation` and `stride` of a search up to it; none where all that match are
    best taken at once."""

    newest: int
    strides: dict[str, int] = field(default_factory=dict)


async def look(connection: AsyncConnection, column: str, every: str, *, upto: int, candidates: int) -> Look:
    """Sized by the youngest generation that is full, so that one stride is likely to yield the candidates.

    `upto` may be made up: a search goes through no generations that do not exist.
    """
    values = {"every": every, "upto": upto, "size": terms.GENERATION, "candidates": candidates}
    newest, matches = (await connection.execute(text(queries.look(column)), values)).one()
    generation = newest // terms.GENERATION
    if generation <= 0 or matches * generation <= queries.FEW * candidates:
        return Look(newest)
    return Look(newest, {"generation": generation, "stride": min(-(-candidates // matches), LONGEST)})
