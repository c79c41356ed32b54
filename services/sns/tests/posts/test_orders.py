"""The jobs of posts, where there are many of both."""

from __future__ import annotations

from sqlalchemy import func, select, text

from services.sns.tests.factories import USER, make_account, make_post
from services.sns.tests.plans import MANY, crowd, plan
from shared.db.database import Database
from shared.schemas.dates import utcnow
from sns_service.posts.orders import REMOVE, job_key, remove_orders, unschedule_all
from sns_service.schema import Post
from testing.databases import record_queries

HELD = "SELECT count(*) FILTER (WHERE status = 'queued'), count(*) FILTER (WHERE status = 'failed') FROM pgqueuer"


async def test_jobs_are_taken_away_by_indexes(committed_db: Database) -> None:
    await crowd(committed_db)
    found = await plan(committed_db, REMOVE, keys=[job_key(1, 1), job_key(2, 1)])
    assert "pgqueuer_unique_dedupe_key" in found
    assert "ix_pgqueuer_held_dedupe_key" in found
    assert "Seq Scan" not in found


async def test_jobs_that_wait_and_jobs_that_are_held_are_taken_away(committed_db: Database) -> None:
    await crowd(committed_db)
    async with committed_db.session() as session:
        await remove_orders(session, [(1, 1), (2, 1), (3, 2)])
        assert tuple((await session.execute(text(HELD))).one()) == (MANY // 2 - 1, MANY // 2 - 1)


async def test_all_that_is_scheduled_becomes_a_draft_without_reading_it(committed_db: Database) -> None:
    account_id = await crowd(committed_db)
    other = await make_account(committed_db, "instagram")
    kept = await make_post(committed_db, other, status="scheduled", scheduled_at=utcnow(), due_at=utcnow())
    with record_queries() as queries:
        async with committed_db.session() as session:
            assert await unschedule_all(session, account_ids=[account_id]) == MANY // 2
    assert len(queries) == 2
    assert not any("content" in query for query in queries)
    async with committed_db.session() as session:
        scheduled = select(Post.id).where(Post.user_id == USER, Post.status == "scheduled")
        assert list(await session.scalars(scheduled)) == [kept]
        changed = select(func.count()).where(
            Post.publication_version == 2, Post.scheduled_at.is_(None), Post.due_at.is_(None)
        )
        assert await session.scalar(changed) == MANY // 2
        assert tuple((await session.execute(text(HELD))).one()) == (0, MANY // 2)


async def test_the_next_ones_become_drafts_first(committed_db: Database) -> None:
    account_id = await crowd(committed_db)
    async with committed_db.session() as session:
        assert await unschedule_all(session, account_ids=[account_id], most=3) == 3
        assert list(
            await session.scalars(select(Post.id).where(Post.publication_version == 2).order_by(Post.id))
        ) == [
            2,
            4,
            6,
        ]
