"""What the platform service's worker does."""

from __future__ import annotations

from functools import partial
from typing import Final

from platform_service.auth.revocation import keep_ended
from platform_service.jobs import build_jobs
from platform_service.payments.provider import open_provider
from platform_service.resources import session_revoker_of
from platform_service.settings import PlatformSettings
from platform_service.tables import Outbox
from shared.runtime import Runtime
from shared.service import WorkerParts

READERS: Final = ("ai", "coocook", "review", "sns")


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
        close=provider.close,
    )
