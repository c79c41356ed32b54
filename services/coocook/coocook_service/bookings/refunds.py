"""Giving money back: noted in the transaction that decides it, done by a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings.models import BookingPayment
from shared.db.database import Database
from shared.jobs import enqueue_many
from shared.payments.metrics import count_payment
from shared.payments.provider import PaymentProvider
from shared.schemas.dates import utcnow

REFUND_JOB: Final = "payments.refund"


async def request_refunds(session: AsyncSession, *, booking_ids: Sequence[int]) -> Sequence[int]:
    """Have the succeeded payments of these bookings refunded; their ids."""
    statement = (
        update(BookingPayment)
        .where(BookingPayment.booking_id.in_(booking_ids), BookingPayment.status == "succeeded")
        .values(status="refunding")
        .returning(BookingPayment.id)
    )
    payment_ids = (await session.scalars(statement)).all()
    if payment_ids:
        await enqueue_many(session, REFUND_JOB, [{"payment_id": payment_id} for payment_id in payment_ids])
    return payment_ids


async def refund(database: Database, provider: PaymentProvider, *, payment_id: int) -> None:
    """What the job does; done twice it refunds once. Raises ProviderUnavailable, to be tried again."""
    async with database.session() as session:
        payment = await session.get_one(BookingPayment, payment_id)
    if payment.status != "refunding" or payment.transaction_id is None:
        return
    await provider.refund(payment.transaction_id, idempotency_key=f"refund-booking-payment-{payment_id}")
    async with database.session() as session:
        refunded = await session.scalar(
            update(BookingPayment)
            .where(BookingPayment.id == payment_id, BookingPayment.status == "refunding")
            .values(status="refunded", settled_at=utcnow())
            .returning(BookingPayment.id)
        )
        if refunded is not None:
            count_payment(session, kind="booking", outcome="refunded")


async def is_paid(session: AsyncSession, booking_id: int) -> bool:
    """Whether a payment of it has succeeded and was not refunded."""
    paid = exists().where(BookingPayment.booking_id == booking_id, BookingPayment.status == "succeeded")
    return bool(await session.scalar(select(paid)))
