"""The net below the queue: posts without a job get one, and jobs that nobody needs go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Interval, bindparam, text

from fakes.networks.client import Fakes
from services.sns.tests.factories import Person, change_post, make_account, make_post
from services.sns.tests.kit import Workplace
from services.sns.tests.plans import crowd, plan
from shared.db.database import Database
from shared.jobs import enqueue
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.posts.orders import JOB, OVERDUE, UNDER_WAY, job_key, sweep, without_job

pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")


async def test_a_post_without_a_job_is_found_by_the_sweeper(
    author: Person, workplace: Workplace, committed_db: Database, committed_runtime: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link()
    lost, overdue, draft = [await author.write(account_id, name) for name in ("lost", "overdue", "draft")]
    await change_post(committed_db, lost, status="publishing", publication_version=3)
    past = utcnow() - timedelta(minutes=5)
    await change_post(committed_db, overdue, status="scheduled", publication_version=1, scheduled_at=past)
    assert await sweep(committed_runtime.database) == 2
    assert await sweep(committed_runtime.database) == 0
    async with workplace():
        for post_id in (lost, overdue):
            await author.becomes(post_id, "published")
    assert (await author.seen(draft))["status"] == "draft"
    assert sorted(await fakes.contents()) == ["<p>lost</p>", "<p>overdue</p>"]


async def test_the_sweeper_finds_its_posts_by_indexes(committed_db: Database) -> None:
    await crowd(committed_db)
    for kind, index in ((UNDER_WAY, "ix_posts_publishing"), (OVERDUE, "ix_posts_scheduled_at")):
        found = await plan(committed_db, without_job(kind))
        assert index in found, found
        assert "Seq Scan" not in found, found


async def test_held_jobs_of_posts_that_did_not_fail_are_forgotten_after_a_minute(
    committed_db: Database, committed_runtime: Runtime
) -> None:
    account_id = await make_account(committed_db)
    failed = await make_post(committed_db, account_id, status="failed", publication_version=2)
    draft = await make_post(committed_db, account_id, publication_version=2)
    old, new = (timedelta(minutes=2), timedelta(seconds=30))
    kept = [await held(committed_db, failed, 2, old), await held(committed_db, draft, 2, new)]
    for post_id, publication_version in ((failed, 1), (draft, 2), (draft + 1, 2)):
        await held(committed_db, post_id, publication_version, old)
    await sweep(committed_runtime.database)
    async with committed_db.session() as session:
        assert list(await session.scalars(text("SELECT id FROM pgqueuer ORDER BY id"))) == kept


async def held(database: Database, post_id: int, publication_version: int, since: timedelta) -> int:
    """A job that failed for good; its id."""
    put_by = text("UPDATE pgqueuer SET status = 'failed', updated = now() - :since WHERE id = :id")
    async with database.session() as session:
        job = await enqueue(session, JOB, {}, dedupe_key=job_key(post_id, publication_version))
        await session.execute(
            put_by.bindparams(bindparam("since", type_=Interval)), {"since": since, "id": job}
        )
    assert job is not None
    return job
