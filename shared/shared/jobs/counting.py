"""Which returns of a job into the queue are counted as tries."""

from __future__ import annotations

import logging
from datetime import timedelta

from pgqueuer import RetryRequested
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.models import Job, TracebackRecord

from shared.outages import passes

logger = logging.getLogger(__name__)


class NotFailed(RetryRequested):
    """Asks pgqueuer to bring a job back that has only waited, or was stopped."""


class CountingFailures(Queries):
    """pgqueuer's queries, of which one counts every return: a job that had waited often would have no tries left."""

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """Put the job back into the queue; one more try is used up unless NotFailed asked for it."""
        try:
            await self._retry_job(job, delay, traceback_record)
        except Exception as error:
            if not passes(error):
                raise
            # pgqueuer would hold the job. Left as it is, it is taken up again when its worker's sign of life is old.
            logger.warning("job %s %s cannot be put back now: %r", job.entrypoint, job.id, error)

    async def _retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        if traceback_record is None or traceback_record.exception_type != NotFailed.__name__:
            await super().retry_job(job, delay, traceback_record)
            return
        statement = self.qbq.build_retry_job_query().replace("attempts = attempts + 1,", "")
        await self.driver.execute(statement, job.id, delay, traceback_record.model_dump_json())
