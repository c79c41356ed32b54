"""Refunds of bookings that an older release took for platform's: revenue was too low by them.

Releases before December 2026 wrote every refund of the account into the ledger. The ledger only grows, so each of those
that the provider says was a booking's is balanced by a row of its own.
"""

from __future__ import annotations

import logging

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments.ledger import reverse
from platform_service.payments.models import Payment
from platform_service.payments.movements import is_booking
from shared.db.database import Database
from shared.payments.errors import UnknownPayment
from shared.payments.provider import PaymentProvider, PaymentState

logger = logging.getLogger(__name__)
BATCH = 200


async def correct_refunds(database: Database, provider: PaymentProvider) -> int:
    """How many rows were balanced; done twice, the second finds none. Raises ProviderUnavailable: run it again."""
    corrected, after = 0, ""
    while batch := await _payments_after(database, after):
        for payment_id in batch:
            corrected += await _correct(database, provider, payment_id)
        after = batch[-1]
    return corrected


async def _payments_after(database: Database, after: str) -> list[str]:
    """Payments whose refunds were written down as sums, which only older releases did."""
    statement = (
        select(Payment.refund_of)
        .where(Payment.provider_ref.startswith("refund:", autoescape=True), Payment.refund_of > after)
        .distinct()
        .order_by(Payment.refund_of)
        .limit(BATCH)
    )
    async with database.read(fresh=True) as connection:
        return [found for found in await connection.scalars(statement) if found is not None]


async def _correct(database: Database, provider: PaymentProvider, payment_id: str) -> int:
    try:
        payment = await provider.get_payment(payment_id)
    except UnknownPayment:
        logger.warning("the provider does not know %s; its refund is left unchanged", payment_id)
        return 0
    async with database.session() as session:
        return await _balance(session, payment)


async def _balance(session: AsyncSession, payment: PaymentState) -> int:
    """Take a booking's refunds out of the ledger, which a release of before December 2026 wrote there; how many."""
    if not is_booking(payment.metadata):
        return 0
    wrong = select(Payment).where(
        Payment.refund_of == payment.id, Payment.provider_ref.startswith("refund:", autoescape=True)
    )
    return sum([await reverse(session, row) for row in await session.scalars(wrong)])
