"""What the review service's worker does: its parts, and every job and schedule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from review_service.applications.decisions import free_places
from review_service.campaigns.service import close_expired
from review_service.consumers import consumer_of
from review_service.crawls import service as crawls
from review_service.crawls.storing import forget_old
from review_service.search_index import vocabulary
from review_service.tables import IdempotencyRecord, Outbox
from shared.idempotency.record import forget_old_answers
from shared.jobs import Jobs
from shared.runtime import Runtime
from shared.service import WorkerParts

CRAWL_SECONDS = 1800
"""A hundred pages at a slow site's pace."""


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, close campaigns, crawl partner sites."""
    return WorkerParts(outbox=Outbox, consumers=(consumer_of(runtime),), jobs=build_jobs())


def build_jobs() -> Jobs:
    """Every job of the service."""
    jobs = Jobs()

    @jobs.task(crawls.JOB, retries=3, timeout=timedelta(seconds=CRAWL_SECONDS), concurrency=4)
    async def crawl(runtime: Runtime, payload: dict[str, Any]) -> None:
        await crawls.run(
            runtime.database, runtime.cache, settings=runtime.settings, crawl_id=payload["crawl_id"]
        )

    @jobs.every("23 */6 * * *", name="crawl_sites")
    async def crawl_sites(runtime: Runtime) -> None:
        async with runtime.database.session() as session:
            sites = crawls.chosen_sites(runtime.settings.partner_sites, None)
            await crawls.start(session, sites=sites, started_by="schedule")

    @jobs.every("* * * * *", name="close_expired_campaigns")
    async def close_expired_campaigns(runtime: Runtime) -> None:
        await close_expired(runtime.database, runtime.cache)

    @jobs.every("11 4 * * *", name="forget_old_crawls")
    async def forget_old_crawls(runtime: Runtime) -> None:
        await forget_old(runtime.database)

    @jobs.every("41 * * * *", name="forget_unused_words")
    async def forget_unused_words(runtime: Runtime) -> None:
        await vocabulary.forget_unused(runtime.database)

    @jobs.every("* * * * *", name="free_places_of_undecided_applications")
    async def free_places_of_undecided(runtime: Runtime) -> None:
        await free_places(runtime.database, runtime.cache)

    forget_old_answers(jobs, IdempotencyRecord)
    return jobs
