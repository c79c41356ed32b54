"""What becomes of the provider's events: each one's outcome, and those that wait for somebody to see to them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from prometheus_client import Counter
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments.errors import UnknownEvent
from platform_service.payments.models import UnhandledEvent, WebhookEvent
from shared.db.database import Database
from shared.labelled import Labelled
from shared.payments.provider import ProviderEvent
from shared.schemas.dates import utcnow

logger = logging.getLogger(__name__)
KEPT = timedelta(days=90)
"""The provider delivers again for three days; the rest is for investigating complaints."""
AT_MOST = 1000
Word = Literal["handled", "irrelevant", "not_ours", "unhandled"]
payment_events_total = Counter(
    "payment_events", "Events of the payment provider, by type and outcome.", ["type", "outcome"]
)
payment_events_of = Labelled(payment_events_total)


@dataclass(frozen=True)
class Outcome:
    """handled: what it says is in our tables. irrelevant: it moves no money and no access. not_ours: it is about
    another flow of the same account, which looks after itself. unhandled: kept for somebody to see to, because of
    `reason`.
    """

    word: Word
    reason: str = ""


HANDLED = Outcome("handled")
IRRELEVANT = Outcome("irrelevant")
NOT_OURS = Outcome("not_ours")


def unhandled(reason: str) -> Outcome:
    """Nobody here knows what to do with it."""
    return Outcome("unhandled", reason)


async def is_known(database: Database, event: ProviderEvent) -> bool:
    """Whether it was taken before."""
    statement = select(func.count()).where(WebhookEvent.id == event.id)
    async with database.read(fresh=True) as connection:
        return bool(await connection.scalar(statement))


async def record(session: AsyncSession, event: ProviderEvent, outcome: Outcome, content: Any) -> bool:
    """Record the outcome, and keep the whole event if it was not handled. False for a second delivery."""
    row = insert(WebhookEvent).values(
        id=event.id, type=event.type, created_at=event.created, outcome=outcome.word
    )
    recorded = row.on_conflict_do_nothing(index_elements=[WebhookEvent.id]).returning(WebhookEvent.id)
    if await session.scalar(recorded) is None:
        return False
    if outcome.word == "unhandled":
        logger.error("payment event %s (%s) is kept as unhandled: %s", event.id, event.type, outcome.reason)
        kept = insert(UnhandledEvent).values(
            id=event.id, type=event.type, created_at=event.created, reason=outcome.reason, payload=content
        )
        await session.execute(kept.on_conflict_do_nothing(index_elements=[UnhandledEvent.id]))
    return True


async def waiting(session: AsyncSession) -> Sequence[UnhandledEvent]:
    """Those that have not been handled yet, oldest first."""
    statement = (
        select(UnhandledEvent)
        .where(UnhandledEvent.handled_at.is_(None))
        .order_by(UnhandledEvent.received_at, UnhandledEvent.id)
        .limit(AT_MOST)
    )
    return (await session.scalars(statement)).all()


async def mark_handled(database: Database, event_id: str, word: Word) -> None:
    """A kept event waits no longer. Raises UnknownEvent."""
    kept = update(UnhandledEvent).where(UnhandledEvent.id == event_id).values(handled_at=utcnow())
    async with database.session() as session:
        if await session.scalar(kept.returning(UnhandledEvent.id)) is None:
            raise UnknownEvent
        await session.execute(update(WebhookEvent).where(WebhookEvent.id == event_id).values(outcome=word))


async def dismiss(database: Database, event_id: str) -> None:
    """It was handled by hand. Raises UnknownEvent."""
    await mark_handled(database, event_id, "irrelevant")


async def forget_old(session: AsyncSession) -> None:
    """Remove old handled events; unhandled ones stay."""
    before = utcnow() - KEPT
    await session.execute(
        delete(WebhookEvent).where(WebhookEvent.received_at < before, WebhookEvent.outcome != "unhandled")
    )
    await session.execute(delete(UnhandledEvent).where(UnhandledEvent.handled_at < before))
