"""What admins read of crawls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from review_service.crawls.models import Crawl
from shared.db.database import Database
from shared.schemas.keyset import split_page


async def crawls(
    database: Database, *, site: str | None, limit: int, before: int | None
) -> tuple[Sequence[dict[str, Any]], int | None]:
    """Crawls, newest first, and the id after which the next page starts."""
    query = select(*Crawl.__table__.columns).order_by(Crawl.id.desc()).limit(limit + 1)
    if site is not None:
        query = query.where(Crawl.site == site)
    if before is not None:
        query = query.where(Crawl.id < before)
    async with database.read(fresh=True) as connection:
        found = [dict(row) for row in (await connection.execute(query)).mappings()]
    rows, last = split_page(found, limit)
    return rows, last["id"] if last else None
