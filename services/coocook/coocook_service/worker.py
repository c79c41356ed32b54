"""What the coocook service's worker does: its parts, and every job and schedule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from coocook_service.bookings.changes import cancel_all_expired
from coocook_service.bookings.payments import settle_unsettled
from coocook_service.bookings.refunds import REFUND_JOB, refund
from coocook_service.bookings.settlement import SETTLE_JOB
from coocook_service.chef_accounts import CHEF_UNAVAILABLE_JOB, cancel_of_unavailable_chef
from coocook_service.consumers import consumer_of
from coocook_service.resources import open_provider
from coocook_service.tables import IdempotencyRecord, Outbox
from shared.idempotency.record import forget_old_answers
from shared.jobs import Jobs
from shared.payments.provider import PaymentProvider
from shared.runtime import Runtime
from shared.service import WorkerParts

RETRIES = 40
# With that between later tries they go on for most of a day: longer than a provider is down.
MAX_DELAY = timedelta(minutes=30)


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, settle and refund payments."""
    provider = open_provider(runtime.settings)
    return WorkerParts(
        outbox=Outbox,
        consumers=(consumer_of(runtime),),
        jobs=build_jobs(provider),
        close=provider.close,
    )


def build_jobs(provider: PaymentProvider) -> Jobs:
    """Every job of the service; those about money ask `provider`."""
    jobs = Jobs()

    @jobs.task(SETTLE_JOB, retries=RETRIES, max_delay=MAX_DELAY)
    async def settle(runtime: Runtime, payload: dict[str, Any]) -> None:
        await settle_unsettled(runtime.database, provider, payment_id=payload["payment_id"])

    @jobs.task(REFUND_JOB, retries=RETRIES, max_delay=MAX_DELAY)
    async def refund_payment(runtime: Runtime, payload: dict[str, Any]) -> None:
        await refund(runtime.database, provider, payment_id=payload["payment_id"])

    @jobs.task(CHEF_UNAVAILABLE_JOB, retries=RETRIES, max_delay=MAX_DELAY)
    async def cancel_of_chef(runtime: Runtime, payload: dict[str, Any]) -> None:
        await cancel_of_unavailable_chef(runtime.database, chef_id=payload["chef_id"])

    @jobs.every("* * * * *", name="cancel_expired_reservations")
    async def cancel_expired(runtime: Runtime) -> None:
        await cancel_all_expired(runtime.database)

    forget_old_answers(jobs, IdempotencyRecord)
    return jobs
