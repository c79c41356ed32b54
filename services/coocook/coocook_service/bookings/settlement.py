"""The two ends of a payment in our own database: claimed before the provider is asked, settled after.

What comes between them, the charge, is in `payments.py` and happens outside of any transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings.changes import cancel_all, locked
from coocook_service.bookings.errors import (
    AlreadyPaid,
    AmountDiffers,
    BookingStarted,
    CanceledBooking,
    NoCard,
    NotYourBooking,
    PaymentInProgress,
    ReservationExpired,
)
from coocook_service.bookings.events import publish_status
from coocook_service.bookings.models import ONE_PER_REQUEST, Booking, BookingPayment
from coocook_service.bookings.refunds import request_refunds
from shared.db.constraints import translate
from shared.idempotency import IdempotencyKeyReused
from shared.jobs import enqueue
from shared.payments.metrics import count_payment
from shared.payments.provider import Charge
from shared.schemas.dates import utcnow

SETTLE_JOB: Final = "payments.settle"
SETTLE_AFTER: Final = timedelta(seconds=30)
"""When the job looks whether a claimed payment was settled; the request itself lives shorter."""


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """Who wants to pay what. `amount` None means whatever it costs; `customer` None: no card on file."""

    booking_id: int
    user_id: int
    amount: Decimal | None
    customer: str | None
    request_key: str | None


async def claim(session: AsyncSession, request: ChargeRequest) -> tuple[BookingPayment, bool]:
    """The payment to charge for, and whether it is new: the same request finds its own again, whatever became of it.

    Raises BookingNotFound, NotYourBooking, AmountDiffers, AlreadyPaid, PaymentInProgress, CanceledBooking,
    ReservationExpired, BookingStarted, NoCard or IdempotencyKeyReused.
    """
    booking = await locked(session, request.booking_id)
    _check_request(booking, request)
    current = await _current(session, booking.id)
    if current is not None and request.request_key is not None and current.request_key == request.request_key:
        return current, False
    if booking.status == "canceled":
        raise ReservationExpired if booking.cancel_reason == "expired" else CanceledBooking
    if current is not None and current.status in {"processing", "succeeded"}:
        raise PaymentInProgress if current.status == "processing" else AlreadyPaid
    _check_payable(booking, now=utcnow())
    return await _new_payment(session, booking, request), True


async def settle(session: AsyncSession, *, payment_id: int, charge: Charge) -> BookingPayment:
    """Write down what the provider did; again is fine.

    The claim has kept an unpaid reservation beyond its deadline. A booking that was canceled meanwhile, or that
    has started before a payment or the chef confirmed it, is refunded.
    """
    payment = await _locked_payment(session, payment_id)
    if payment.status != "processing" or charge.status == "processing":
        return payment
    payment.status, payment.settled_at = charge.status, utcnow()
    payment.transaction_id = charge.id
    await session.flush()
    count_payment(session, kind="booking", outcome=charge.status)
    if payment.status == "succeeded":
        await _book_payment(session, await session.get_one(Booking, payment.booking_id))
        await session.refresh(payment)
    return payment


async def _book_payment(session: AsyncSession, booking: Booking) -> None:
    """What a payment makes of its locked booking."""
    if booking.status == "pending" and booking.starts_at <= utcnow():
        await cancel_all(session, [booking], reason="expired")
    if booking.status == "canceled":
        await request_refunds(session, booking_ids=[booking.id])
        return
    booking.expires_at = None
    if booking.status == "pending":
        booking.status = "confirmed"
        await session.flush()
        await publish_status(session, booking)


async def fail(session: AsyncSession, *, payment_id: int) -> None:
    """The card was declined: the booking stays as it is, and another try is open."""
    payment = await _locked_payment(session, payment_id)
    if payment.status == "processing":
        payment.status, payment.settled_at = "failed", utcnow()
        count_payment(session, kind="booking", outcome="failed")


def _check_request(booking: Booking, request: ChargeRequest) -> None:
    if booking.user_id != request.user_id:
        raise NotYourBooking
    if request.amount is not None and request.amount != booking.total_price:
        raise AmountDiffers(booking.total_price, booking.currency)


def _check_payable(booking: Booking, *, now: datetime) -> None:
    if booking.status != "completed" and booking.expires_at is not None and booking.expires_at <= now:
        raise ReservationExpired
    if booking.status == "completed" or booking.starts_at <= now:
        raise BookingStarted


async def _current(session: AsyncSession, booking_id: int) -> BookingPayment | None:
    """The payment that counts: the last one that did not fail."""
    return await session.scalar(
        select(BookingPayment)
        .where(BookingPayment.booking_id == booking_id, BookingPayment.status != "failed")
        .order_by(BookingPayment.attempt.desc())
        .limit(1)
    )


async def _new_payment(session: AsyncSession, booking: Booking, request: ChargeRequest) -> BookingPayment:
    if request.customer is None:
        raise NoCard
    tries = select(func.count()).where(BookingPayment.booking_id == booking.id)
    payment = BookingPayment(
        booking_id=booking.id,
        user_id=request.user_id,
        attempt=(await session.scalar(tries) or 0) + 1,  # nobody else counts: the booking is locked
        customer=request.customer,
        amount=booking.total_price,
        currency=booking.currency,
        status="processing",
        request_key=request.request_key,
    )
    session.add(payment)
    with translate({ONE_PER_REQUEST: IdempotencyKeyReused}):
        await session.flush()
    await enqueue(session, SETTLE_JOB, {"payment_id": payment.id}, after=SETTLE_AFTER)
    return payment


async def _locked_payment(session: AsyncSession, payment_id: int) -> BookingPayment:
    """The payment and its booking, locked in the order in which `claim` and a cancellation lock."""
    booking_of = select(BookingPayment.booking_id).where(BookingPayment.id == payment_id)
    await locked(session, (await session.scalars(booking_of)).one())
    return await session.get_one(BookingPayment, payment_id, with_for_update=True)
