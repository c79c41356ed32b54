"""sns' background work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from shared.idempotency.record import forget_old_answers
from shared.jobs import Jobs
from shared.runtime import Runtime
from sns_service.account_deletion import JOB as ERASE
from sns_service.account_deletion import erase
from sns_service.accounts.keeping import renew_due
from sns_service.accounts.keyring import Keyring
from sns_service.analytics.measuring import TIMEOUT as MEASURE_TIMEOUT
from sns_service.analytics.measuring import measure_due
from sns_service.networks.exchange import Exchange
from sns_service.networks.network import Network
from sns_service.posts.orders import JOB
from sns_service.publishing.publisher import Publisher
from sns_service.publishing.sweeping import sweep
from sns_service.settings import SnsSettings
from sns_service.tables import IdempotencyRecord

FOR_EVER: Final = 1_000_000
"""The publisher counts a post's failures itself; what fails beside it is our own database."""
ERASE_RETRIES: Final = 50
"""Four hours; each goes on where the one before ended."""
FIRST_DELAY: Final = timedelta(seconds=2)
MAX_DELAY: Final = timedelta(minutes=5)
NO_EXCHANGES: Final[Mapping[str, Exchange]] = MappingProxyType({})
TIMEOUT: Final = timedelta(minutes=10)
"""Each call to a network has its own, much shorter one; a large video takes its time."""


def jobs_with(
    runtime: Runtime, networks: Mapping[str, Network], exchanges: Mapping[str, Exchange] = NO_EXCHANGES
) -> Jobs:
    """Every job of the service; they speak to `networks`, and renew access by `exchanges`."""
    settings: SnsSettings = runtime.settings
    keyring = Keyring(runtime.database, settings, exchanges)
    jobs = Jobs(at_a_time=settings.publish_at_a_time)

    @jobs.task(JOB, retries=FOR_EVER, first_delay=FIRST_DELAY, max_delay=MAX_DELAY, timeout=TIMEOUT)
    async def publish(_runtime: Runtime, payload: dict[str, Any]) -> None:
        await publisher.publish(payload["post_id"], payload["ticket"])

    publisher = Publisher(runtime.database, settings, networks, keyring, backoff=jobs.tasks[JOB].delay)

    @jobs.task(ERASE, retries=ERASE_RETRIES, timeout=TIMEOUT)
    async def erase_user(runtime: Runtime, payload: dict[str, Any]) -> None:
        await erase(runtime.database, user_id=payload["user_id"])

    @jobs.every("* * * * *", name="posts.sweep")
    async def sweep_posts(runtime: Runtime) -> None:
        await sweep(runtime)

    @jobs.every("*/5 * * * *", name="posts.measure", timeout=MEASURE_TIMEOUT)
    async def measure_posts(runtime: Runtime) -> None:
        await measure_due(runtime, networks, keyring)

    @jobs.every("23 * * * *", name="accounts.renew")
    async def renew_access(runtime: Runtime) -> None:
        await renew_due(runtime.database, keyring)

    forget_old_answers(jobs, IdempotencyRecord)
    return jobs
