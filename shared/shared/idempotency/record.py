"""What a service keeps of a repeatable request and of its answer, for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
from sqlalchemy import (
    BigInteger,
    CursorResult,
    DateTime,
    Integer,
    LargeBinary,
    String,
    delete,
    func,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shared.schemas.json import dumps

if TYPE_CHECKING:
    from shared.jobs.task import Jobs, Resources

ANSWERS_KEPT: Final = timedelta(hours=24)
PURGED_AT_ONCE: Final = 10_000
"""Answers that one statement deletes, well within its time."""


class IdempotencyMixin:
    """Columns of a service's table `idempotency_keys`. Without `status` the work is still under way."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    operation: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(Integer)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp(), index=True
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer. `replayed`: it is the first request's, and nothing was done now."""

    status: int
    body: bytes
    replayed: bool


def fingerprint(request: bytes | Mapping[str, Any]) -> bytes:
    """The same for requests that ask for the same, whatever the order of their fields."""
    if not isinstance(request, bytes):
        request = orjson.dumps(request, default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(request).digest()


def new_answer(status: int, body: Any) -> Answer:
    """The answer to work that was done now; `body` is anything that JSON can say."""
    return Answer(status, dumps(body), replayed=False)


def forget_old_answers(jobs: Jobs, table: type[IdempotencyMixin]) -> None:
    """Add the hourly schedule that deletes what is older."""

    @jobs.every("17 * * * *", name="forget_old_answers")
    async def forget(resources: Resources) -> None:
        purged = most = PURGED_AT_ONCE
        while purged >= most:
            async with resources.database.session() as session:
                purged = await purge(session, table, older_than=ANSWERS_KEPT, most=most)


async def purge(
    session: AsyncSession,
    table: type[IdempotencyMixin],
    *,
    older_than: timedelta,
    most: int = PURGED_AT_ONCE,
) -> int:
    """Deletes old answers, `most` at a time; how many. A key that is used again after that is a new request."""
    identity = (table.user_id, table.operation, table.key)
    old = table.created_at < func.now() - older_than
    some = select(*identity).where(old).order_by(table.created_at).limit(most)
    # Once more `old`, for what is taken over in this moment.
    result = await session.execute(delete(table).where(old, tuple_(*identity).in_(some)))
    return cast("CursorResult[Any]", result).rowcount
