"""What the coocook service's worker does."""

from __future__ import annotations

from coocook_service.consumers import consumer_of
from coocook_service.jobs import jobs_with
from coocook_service.resources import open_provider
from coocook_service.tables import Outbox
from shared.runtime import Runtime
from shared.service import WorkerParts


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, settle and refund payments."""
    provider = open_provider(runtime.settings)
    return WorkerParts(
        outbox=Outbox,
        consumers=(consumer_of(runtime),),
        jobs=jobs_with(provider),
        close=provider.close,
    )
