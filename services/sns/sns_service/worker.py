"""What the sns service's worker does: its parts, and every job and schedule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from shared.idempotency.record import forget_old_answers
from shared.jobs import Jobs
from shared.runtime import Runtime
from shared.service import WorkerParts
from sns_service.account_deletion import JOB as ERASE
from sns_service.account_deletion import erase
from sns_service.accounts.keyring import Keyring, renew_due
from sns_service.analytics.measuring import TIMEOUT as MEASURE_TIMEOUT
from sns_service.analytics.measuring import measure_due
from sns_service.consumers import consumer_of
from sns_service.networks.network import Adapter, TokenRefresher
from sns_service.networks.registry import adapters_with, token_refreshers_with
from sns_service.networks.transport import connect
from sns_service.posts.orders import JOB, sweep
from sns_service.publishing.publisher import Publisher
from sns_service.settings import SnsSettings
from sns_service.tables import IdempotencyRecord, Outbox

FOR_EVER: Final = 1_000_000
"""The publisher counts a post's failures itself; what fails beside it is our own database."""
ERASE_RETRIES: Final = 50
"""Four hours; each goes on where the one before ended."""
FIRST_DELAY: Final = timedelta(seconds=2)
MAX_DELAY: Final = timedelta(minutes=5)
NO_REFRESHERS: Final[Mapping[str, TokenRefresher]] = MappingProxyType({})
TIMEOUT: Final = timedelta(minutes=10)
"""Each call to a network has its own, much shorter one; a large video takes its time."""


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish posts and events, listen to platform's, count the posts' engagement."""
    settings: SnsSettings = runtime.settings
    http = connect(
        timeout=settings.network_timeout_seconds,
        at_a_time=2 * settings.publish_at_a_time,  # a video comes by one connection and goes by another
        guarded=settings.is_production,
    )
    return WorkerParts(
        outbox=Outbox,
        consumers=(consumer_of(runtime),),
        jobs=build_jobs(runtime, adapters_with(http, settings), token_refreshers_with(http, settings)),
        niceness=10,  # ten thousand posts that are due may not slow down who looks at theirs
        close=http.aclose,
    )


def build_jobs(
    runtime: Runtime,
    adapters: Mapping[str, Adapter],
    token_refreshers: Mapping[str, TokenRefresher] = NO_REFRESHERS,
) -> Jobs:
    """Every job of the service; they speak to the networks by `adapters`, and renew access by `token_refreshers`."""
    settings: SnsSettings = runtime.settings
    keyring = Keyring(runtime.database, settings, token_refreshers)
    jobs = Jobs(at_a_time=settings.publish_at_a_time)

    @jobs.task(JOB, retries=FOR_EVER, first_delay=FIRST_DELAY, max_delay=MAX_DELAY, timeout=TIMEOUT)
    async def publish(_runtime: Runtime, payload: dict[str, Any]) -> None:
        await publisher.publish(payload["post_id"], payload["ticket"])

    publisher = Publisher(runtime.database, settings, adapters, keyring, backoff=jobs.tasks[JOB].delay)

    @jobs.task(ERASE, retries=ERASE_RETRIES, timeout=TIMEOUT)
    async def erase_user(runtime: Runtime, payload: dict[str, Any]) -> None:
        await erase(runtime.database, user_id=payload["user_id"])

    @jobs.every("* * * * *", name="posts.sweep")
    async def sweep_posts(runtime: Runtime) -> None:
        await sweep(runtime.database)

    @jobs.every("*/5 * * * *", name="posts.measure", timeout=MEASURE_TIMEOUT)
    async def measure_posts(runtime: Runtime) -> None:
        await measure_due(runtime.database, adapters, keyring)

    @jobs.every("23 * * * *", name="accounts.renew")
    async def renew_access(runtime: Runtime) -> None:
        await renew_due(runtime.database, keyring)

    forget_old_answers(jobs, IdempotencyRecord)
    return jobs
