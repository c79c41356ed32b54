"""The table of booking payments."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coocook_service.tables import Base
from shared.db.base import BigId, TimestampMixin

ONE_UNSETTLED_OR_PAID = "uq_booking_payments_open"
ONE_PER_REQUEST = "uq_booking_payments_request_key"


class BookingPayment(TimestampMixin, Base):
    """One try to pay for a booking; at most one of a booking is on its way or has succeeded.

    processing: claimed, and perhaps charged. succeeded or failed: as the provider said. refunding: to be given back
    by the job; refunded: given back.
    """

    __tablename__ = "booking_payments"
    __table_args__ = (
        CheckConstraint(
            "status IN ('processing', 'succeeded', 'failed', 'refunding', 'refunded')", name="status"
        ),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(
            "transaction_id IS NOT NULL OR status IN ('processing', 'failed')", name="transaction_id"
        ),
        Index(
            ONE_UNSETTLED_OR_PAID,
            "booking_id",
            unique=True,
            postgresql_where=text("status IN ('processing', 'succeeded')"),
        ),
        Index("uq_booking_payments_booking_id_attempt", "booking_id", "attempt", unique=True),
        Index(
            ONE_PER_REQUEST,
            "user_id",
            "request_key",
            unique=True,
            postgresql_where=text("request_key IS NOT NULL AND status <> 'failed'"),
        ),
    )

    id: Mapped[BigId]
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    user_id: Mapped[int] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    customer: Mapped[str] = mapped_column(String(255))
    """The provider's id of the charged customer, kept so that a retry charges the same one."""
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20), server_default="processing")
    transaction_id: Mapped[str | None] = mapped_column(String(255))
    request_key: Mapped[str | None] = mapped_column(String(255))
    """The client's Idempotency-Key, by which the same request finds its payment again."""
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def charge_key(self) -> str:
        """The provider's idempotency key: one charge for each try, however often it is asked for."""
        return f"booking-payment-{self.booking_id}-{self.attempt}"
