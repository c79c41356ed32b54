"""Checkouts that nobody reported on, and payments that must go back."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import or_, select, update

from platform_service.payments.activation import settle
from platform_service.payments.errors import UnknownCheckout
from platform_service.payments.models import Checkout
from shared.db.database import Database
from shared.errors import ServiceError
from shared.payments.provider import PaymentProvider
from shared.schemas.dates import utcnow

logger = logging.getLogger(__name__)
BATCH = 100
FIRST_AFTER = timedelta(minutes=2)
"""Who is at the checkout page right now is not asked about."""
AGAIN_AFTER = timedelta(hours=1)
"""Until it is paid, or the provider has closed the page after a day."""


async def settle_open(database: Database, provider: PaymentProvider, *, grace: timedelta) -> int:
    """Ask about checkouts whose webhook and success page both got lost; how many were completed by that."""
    completed = 0
    for session_id in await _take_pending(database):
        try:
            completed += await settle(database, provider, session_id, grace=grace) == "completed"
        except UnknownCheckout:
            await _expire(database, session_id)
        except ServiceError as error:
            logger.warning("checkout %s will be settled later: %s", session_id, error.message)
    return completed


async def end_at_provider(provider: PaymentProvider, subscription: str) -> None:
    """Cancel a subscription, then take back what is still open of it. Repeatable. Raises ProviderUnavailable."""
    await provider.cancel_subscription(subscription, idempotency_key=f"cancel:{subscription}")
    await provider.void_open_invoices(subscription)


async def undo(provider: PaymentProvider, *, subscription: str | None, payment: str | None) -> None:
    """End an accidental second subscription and refund its payment. Raises ProviderUnavailable."""
    if subscription is not None:
        await end_at_provider(provider, subscription)
    if payment is not None:
        await provider.refund(payment, idempotency_key=f"refund:{payment}")


async def _take_pending(database: Database) -> list[str]:
    """The checkouts to ask about now; another worker does not get them, nor this one for a while."""
    now = utcnow()
    due = (
        select(Checkout.id)
        .where(
            Checkout.status == "pending",
            Checkout.created_at < now - FIRST_AFTER,
            or_(Checkout.asked_at.is_(None), Checkout.asked_at < now - AGAIN_AFTER),
        )
        .order_by(Checkout.created_at.desc())
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    taken = update(Checkout).where(Checkout.id.in_(due)).values(asked_at=now)
    async with database.session() as session:
        return list(await session.scalars(taken.returning(Checkout.provider_session_id)))


async def _expire(database: Database, session_id: str) -> None:
    """The provider no longer knows it, so it will never be paid."""
    statement = update(Checkout).where(Checkout.provider_session_id == session_id)
    async with database.session() as session:
        await session.execute(statement.values(status="expired"))
