"""coocook's background work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from coocook_service.payments import paying, refunds
from coocook_service.payments.service import SETTLE_JOB
from coocook_service.tables import IdempotencyKey
from shared.idempotency import purge
from shared.jobs import Jobs, purge_log
from shared.payments.provider import PaymentProvider
from shared.runtime import Runtime

ANSWERS_KEPT = timedelta(hours=24)
RETRIES = 40
# With that between later tries they go on for most of a day: longer than a provider is down.
MAX_DELAY = timedelta(minutes=30)


def jobs_with(provider: PaymentProvider) -> Jobs:
    """Every job of the service; those about money ask `provider`."""
    jobs = Jobs()

    @jobs.task(SETTLE_JOB, retries=RETRIES, max_delay=MAX_DELAY)
    async def settle(runtime: Runtime, payload: dict[str, Any]) -> None:
        await paying.settle_left_open(runtime.database, provider, payment_id=payload["payment_id"])

    @jobs.task(refunds.JOB, retries=RETRIES, max_delay=MAX_DELAY)
    async def refund(runtime: Runtime, payload: dict[str, Any]) -> None:
        await refunds.refund(runtime.database, provider, payment_id=payload["payment_id"])

    @jobs.every("17 * * * *")
    async def forget_old_answers(runtime: Runtime) -> None:
        async with runtime.database.session() as session:
            await purge(session, IdempotencyKey, older_than=ANSWERS_KEPT)

    @jobs.every("27 3 * * *")
    async def forget_old_job_lines(runtime: Runtime) -> None:
        async with runtime.database.session() as session:
            await purge_log(session)

    return jobs
