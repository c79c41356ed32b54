"""How far a search looks at a time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from review_service.search import queries, terms

LONGEST: Final = 8
"""In generations. Measured: a stride that finds too much costs more than one more stride."""


async def stride_values(
    connection: AsyncConnection, column: str, every: str, *, newest: int, candidates: int
) -> dict[str, int]:
    """`generation` and `stride` for campaigns up to `newest`; empty where all that match are best taken at once.

    Sized by the youngest generation that is full, so that one stride is likely to yield the candidates.
    """
    generation = newest // terms.GENERATION
    if generation == 0:
        return {}
    sign = f"'{terms.generation_sign(newest - terms.GENERATION)}'"
    values = {"every": every, "sign": sign, "candidates": candidates}
    matches = int((await connection.execute(text(queries.density(column)), values)).scalar_one())
    if matches * generation <= queries.FEW * candidates:
        return {}
    return {"generation": generation, "stride": min(-(-candidates // matches), LONGEST)}
