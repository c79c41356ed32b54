"""Events of the payment provider that were kept because nothing here knew what to do with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments.errors import UnknownEvent
from platform_service.payments.models import UnhandledEvent, WebhookEvent
from platform_service.payments.outcome import Outcome, payment_events_total
from platform_service.payments.webhook import handle
from platform_service.resources import Resources
from shared.schemas.dates import utcnow

KEPT = timedelta(days=90)
"""The provider delivers again for three days; the rest is for investigating complaints."""
AT_MOST = 1000


async def waiting(session: AsyncSession) -> Sequence[UnhandledEvent]:
    """Those that have not been handled yet, oldest first."""
    statement = (
        select(UnhandledEvent)
        .where(UnhandledEvent.handled_at.is_(None))
        .order_by(UnhandledEvent.received_at, UnhandledEvent.id)
        .limit(AT_MOST)
    )
    return (await session.scalars(statement)).all()


async def retry(resources: Resources, event_id: str) -> Outcome:
    """Handle a kept event once more, after a release that knows it. Raises UnknownEvent, ProviderUnavailable."""
    async with resources.runtime.database.session() as session:
        kept = await session.get(UnhandledEvent, event_id)
    if kept is None:
        raise UnknownEvent
    outcome = await handle(resources, resources.provider.read_event(kept.payload))
    if outcome.word != "unhandled":
        payment_events_total.labels(kept.type, outcome.word).inc()
        await _settle(resources, event_id, outcome.word)
    return outcome


async def dismiss(resources: Resources, event_id: str) -> None:
    """It was handled by hand. Raises UnknownEvent."""
    await _settle(resources, event_id, "irrelevant")


async def forget_old(session: AsyncSession) -> None:
    """Remove old handled events; unhandled ones stay."""
    before = utcnow() - KEPT
    await session.execute(
        delete(WebhookEvent).where(WebhookEvent.received_at < before, WebhookEvent.outcome != "unhandled")
    )
    await session.execute(delete(UnhandledEvent).where(UnhandledEvent.handled_at < before))


async def _settle(resources: Resources, event_id: str, outcome: str) -> None:
    kept = update(UnhandledEvent).where(UnhandledEvent.id == event_id).values(handled_at=utcnow())
    async with resources.runtime.database.session() as session:
        if await session.scalar(kept.returning(UnhandledEvent.id)) is None:
            raise UnknownEvent
        await session.execute(update(WebhookEvent).where(WebhookEvent.id == event_id).values(outcome=outcome))
