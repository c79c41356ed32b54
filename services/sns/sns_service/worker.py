"""What the sns service's worker does."""

from __future__ import annotations

from shared.runtime import Runtime
from shared.service import WorkerParts
from sns_service.consumers import consumer_of
from sns_service.jobs import jobs_with
from sns_service.networks.registry import adapters_with, token_refreshers_with
from sns_service.networks.transport import connect
from sns_service.settings import SnsSettings
from sns_service.tables import Outbox


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
        jobs=jobs_with(runtime, adapters_with(http, settings), token_refreshers_with(http, settings)),
        niceness=10,  # ten thousand posts that are due may not slow down who looks at theirs
        close=http.aclose,
    )
