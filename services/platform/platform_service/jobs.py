"""Platform's jobs: those that requests left behind, and those that the clock asks for."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from platform_service.auth.ended_sessions import purge_expired
from platform_service.auth.revocation import END_SESSIONS_JOB, end_sessions_before
from platform_service.keys.service import retire_due
from platform_service.payments.settlement import end_at_provider, settle_open, undo
from platform_service.payments.unhandled import forget_old
from platform_service.resources import Resources
from platform_service.subscriptions.expiry import expire_due
from platform_service.subscriptions.service import CANCEL_JOB, UNDO_JOB
from platform_service.tables import IdempotencyRecord
from shared.idempotency.record import forget_old_answers
from shared.jobs import Jobs
from shared.runtime import Runtime

logger = logging.getLogger(__name__)
# With the longest delay of an hour these try for days: the provider, or Redis, may be away that long.
PATIENCE: dict[str, Any] = {"retries": 80, "max_delay": timedelta(hours=1)}


def build_jobs(resources: Resources) -> Jobs:
    """Every job and schedule of platform."""
    jobs = Jobs()
    _add_tasks(jobs, resources)
    _add_schedules(jobs, resources)
    return jobs


def _add_tasks(jobs: Jobs, resources: Resources) -> None:
    @jobs.task(CANCEL_JOB, **PATIENCE)
    async def cancel_at_provider(_: Runtime, payload: dict[str, Any]) -> None:
        await end_at_provider(resources, payload["subscription"])

    @jobs.task(UNDO_JOB, **PATIENCE)
    async def undo_checkout(_: Runtime, payload: dict[str, Any]) -> None:
        await undo(resources, subscription=payload["subscription"], payment=payload["payment"])

    @jobs.task(END_SESSIONS_JOB, **PATIENCE)
    async def end_sessions(_: Runtime, payload: dict[str, Any]) -> None:
        await end_sessions_before(resources, user_id=payload["user_id"], epoch=payload["epoch"])


def _add_schedules(jobs: Jobs, resources: Resources) -> None:
    database = resources.runtime.database

    @jobs.every("* * * * *", name="subscriptions.expire")
    async def expire(_: Runtime) -> None:
        if ended := await expire_due(resources):
            logger.info("%s subscriptions expired", ended)

    @jobs.every("* * * * *", name="payments.settle")
    async def settle(_: Runtime) -> None:
        await settle_open(resources)

    @jobs.every("* * * * *", name="keys.retire")
    async def retire(_: Runtime) -> None:
        async with database.session() as session:
            for kid in await retire_due(session):
                logger.info("signing key %s is retired", kid)

    forget_old_answers(jobs, IdempotencyRecord)

    @jobs.every("27 * * * *", name="sessions.purge")
    async def purge_sessions(_: Runtime) -> None:
        await purge_expired(database)

    @jobs.every("17 * * * *", name="payments.forget_webhooks")
    async def forget_webhooks(_: Runtime) -> None:
        async with database.session() as session:
            await forget_old(session)
