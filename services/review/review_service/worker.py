"""What the review service's worker does."""

from __future__ import annotations

from review_service.consumers import consumer_of
from review_service.jobs import jobs
from review_service.tables import Outbox
from shared.runtime import Runtime
from shared.service import WorkerParts


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, close campaigns, crawl partner sites."""
    return WorkerParts(outbox=Outbox, consumers=(consumer_of(runtime),), jobs=jobs())
