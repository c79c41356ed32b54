"""Running a crawl in tests as the worker does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from review_service.crawls import service
from review_service.schema import Crawl, Listing
from shared.db.database import Database
from shared.runtime import Runtime


async def crawl(runtime: Runtime, site: str = "coupang_eats") -> Crawl:
    """Start a crawl and run it; what became of it."""
    async with runtime.database.session() as session:
        assert await service.start(session, sites=[site], started_by="test") == {site}
        crawl_id = await session.scalar(select(Crawl.id).order_by(Crawl.id.desc()).limit(1))
        assert crawl_id is not None
    await service.run(runtime.database, runtime.cache, settings=runtime.settings, crawl_id=crawl_id)
    async with runtime.database.session() as session:
        return await session.get_one(Crawl, crawl_id)


async def shown(database: Database) -> dict[str, Any]:
    """The listings that are not retired: id by the site's own id."""
    async with database.session() as session:
        rows = await session.execute(
            select(Listing.external_id, Listing.id).where(Listing.retired_at.is_(None))
        )
        return dict(rows.all())


async def queue(database: Database, site: str, **values: Any) -> int:
    """A crawl's id; it waits to be run unless `values` say otherwise."""
    async with database.session() as session:
        queued = Crawl(site=site, started_by="test", **values)
        session.add(queued)
        await session.flush()
        return queued.id
