"""What the platform service's worker does: its parts, and every job and schedule."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any, Final

from platform_service.auth.revocation import END_SESSIONS_JOB, SessionRevoker, keep_ended
from platform_service.auth.sessions import purge_expired
from platform_service.keys.service import retire_due
from platform_service.metrics import measures_of
from platform_service.payments.event_outcomes import forget_old
from platform_service.payments.reconciliation import end_at_provider, expire_due, settle_open, undo
from platform_service.resources import open_provider, session_revoker_of
from platform_service.settings import PlatformSettings
from platform_service.subscriptions.service import CANCEL_JOB, UNDO_JOB
from platform_service.tables import IdempotencyRecord, Outbox
from shared.idempotency.record import forget_old_answers
from shared.jobs import Jobs
from shared.payments.provider import PaymentProvider
from shared.runtime import Runtime
from shared.service import WorkerParts

logger = logging.getLogger(__name__)

READERS: Final = ("ai", "coocook", "review", "sns")
# With the longest delay of an hour these try for days: the provider, or Redis, may be away that long.
RETRIES: dict[str, Any] = {"retries": 80, "max_delay": timedelta(hours=1)}


def worker_parts(runtime: Runtime) -> WorkerParts:
    """The parts of platform's worker. It consumes no events."""
    settings: PlatformSettings = runtime.settings
    provider = open_provider(settings)
    within = settings.revocation_lifetime
    return WorkerParts(
        outbox=Outbox,
        readers=READERS,
        jobs=build_jobs(provider, session_revoker_of(runtime), grace=settings.subscription_grace),
        extra=(partial(keep_ended, runtime.database, runtime.revoked, within=within),),
        measures=measures_of(settings),
        close=provider.close,
    )


def build_jobs(provider: PaymentProvider, revoker: SessionRevoker, *, grace: timedelta) -> Jobs:
    """Every job and schedule of platform."""
    jobs = Jobs()
    _add_tasks(jobs, provider, revoker)
    _add_subscription_schedules(jobs, provider, grace)
    _add_cleaning_schedules(jobs)
    forget_old_answers(jobs, IdempotencyRecord)
    return jobs


def _add_tasks(jobs: Jobs, provider: PaymentProvider, revoker: SessionRevoker) -> None:
    @jobs.task(CANCEL_JOB, **RETRIES)
    async def cancel_at_provider(_: Runtime, payload: dict[str, Any]) -> None:
        await end_at_provider(provider, payload["subscription"])

    @jobs.task(UNDO_JOB, **RETRIES)
    async def undo_checkout(_: Runtime, payload: dict[str, Any]) -> None:
        await undo(provider, subscription=payload["subscription"], payment=payload["payment"])

    @jobs.task(END_SESSIONS_JOB, **RETRIES)
    async def end_sessions(_: Runtime, payload: dict[str, Any]) -> None:
        await revoker.end_sessions_before(user_id=payload["user_id"], epoch=payload["epoch"])


def _add_subscription_schedules(jobs: Jobs, provider: PaymentProvider, grace: timedelta) -> None:
    @jobs.every("* * * * *", name="subscriptions.expire")
    async def expire(runtime: Runtime) -> None:
        if ended := await expire_due(runtime.database, provider, grace=grace):
            logger.info("%s subscriptions expired", ended)

    @jobs.every("* * * * *", name="payments.settle")
    async def settle(runtime: Runtime) -> None:
        await settle_open(runtime.database, provider, grace=grace)


def _add_cleaning_schedules(jobs: Jobs) -> None:
    @jobs.every("* * * * *", name="keys.retire")
    async def retire(runtime: Runtime) -> None:
        async with runtime.database.session() as session:
            for kid in await retire_due(session):
                logger.info("signing key %s is retired", kid)

    @jobs.every("27 * * * *", name="sessions.purge")
    async def purge_sessions(runtime: Runtime) -> None:
        await purge_expired(runtime.database)

    @jobs.every("17 * * * *", name="payments.forget_webhooks")
    async def forget_webhooks(runtime: Runtime) -> None:
        async with runtime.database.session() as session:
            await forget_old(session)
