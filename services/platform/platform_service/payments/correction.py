"""Refunds of bookings that an older release took for platform's: revenue was too low by them.

Releases before December 2026 wrote every refund of the account into the ledger. The ledger only grows, so each of those
that the provider says was a booking's is balanced by a row of its own.
"""

from __future__ import annotations

import logging

from sqlalchemy import select

from platform_service.payments.models import Payment
from platform_service.payments.movements import correct
from platform_service.resources import Resources
from shared.payments.errors import UnknownPayment

logger = logging.getLogger(__name__)
BATCH = 200


async def correct_refunds(resources: Resources) -> int:
    """How many rows were balanced; done twice, the second finds none. Raises ProviderUnavailable: run it again."""
    corrected, after = 0, ""
    while batch := await _payments_after(resources, after):
        for payment_id in batch:
            corrected += await _correct(resources, payment_id)
        after = batch[-1]
    return corrected


async def _payments_after(resources: Resources, after: str) -> list[str]:
    """Payments whose refunds were written down as sums, which only older releases did."""
    statement = (
        select(Payment.refund_of)
        .where(Payment.provider_ref.startswith("refund:", autoescape=True), Payment.refund_of > after)
        .distinct()
        .order_by(Payment.refund_of)
        .limit(BATCH)
    )
    async with resources.runtime.database.read(fresh=True) as connection:
        return [found for found in await connection.scalars(statement) if found is not None]


async def _correct(resources: Resources, payment_id: str) -> int:
    try:
        payment = await resources.provider.get_payment(payment_id)
    except UnknownPayment:
        logger.warning("the provider does not know %s; its refund is left unchanged", payment_id)
        return 0
    async with resources.runtime.database.session() as session:
        return await correct(session, payment)
