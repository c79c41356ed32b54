"""Answers are kept for a day: a client that asks again later asks for something new."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.idempotency.claims import PURGED_AT_ONCE, purge
from shared.idempotency.table import IdempotencyMixin

if TYPE_CHECKING:
    from shared.jobs import Jobs
    from shared.runtime import Runtime

ANSWERS_KEPT: Final = timedelta(hours=24)


def forget_old_answers(jobs: Jobs, table: type[IdempotencyMixin]) -> None:
    """Add the hourly schedule that deletes what is older."""

    @jobs.every("17 * * * *", name="forget_old_answers")
    async def forget(runtime: Runtime) -> None:
        purged = most = PURGED_AT_ONCE
        while purged >= most:
            async with runtime.database.session() as session:
                purged = await purge(session, table, older_than=ANSWERS_KEPT, most=most)
