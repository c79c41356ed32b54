"""The tables of bookings and of their payments."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import cast

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from coocook_service.bookings.rules import Status
from coocook_service.tables import Base
from shared.db.base import BigId, TimestampMixin

NO_OVERLAP = "ex_bookings_chef_id_period"
UNPAID = text("status IN ('pending', 'confirmed') AND expires_at IS NOT NULL")
DEFAULT_EXPIRY = text("now() + interval '30 minutes'")
ONE_UNSETTLED_OR_PAID = "uq_booking_payments_open"
ONE_PER_REQUEST = "uq_booking_payments_request_key"


class Booking(TimestampMixin, Base):
    """A chef's time, taken by a user. No two that are not canceled share a moment of one chef.

    Until it is paid it is a reservation, which ends at `expires_at` (`changes.py`).
    """

    __tablename__ = "bookings"
    __table_args__ = (
        ExcludeConstraint(
            ("chef_id", "="),
            ("period", "&&"),
            name=NO_OVERLAP,
            using="gist",
            where=text("status <> 'canceled'"),
        ),
        CheckConstraint("status IN ('pending', 'confirmed', 'completed', 'canceled')", name="status"),
        CheckConstraint("duration_hours BETWEEN 1 AND 12", name="duration_hours"),
        CheckConstraint("NOT isempty(period) AND lower_inc(period) AND NOT upper_inc(period)", name="period"),
        CheckConstraint("total_price > 0", name="total_price_positive"),
        CheckConstraint(
            "cancel_reason IS NULL OR (status = 'canceled'"
            " AND cancel_reason IN ('expired', 'customer', 'chef', 'chef_unavailable'))",
            name="cancel_reason",
        ),
        Index("ix_bookings_user_id", "user_id", "id"),
        Index("ix_bookings_chef_id", "chef_id", "id"),
        Index("ix_bookings_unpaid_expires_at", "expires_at", postgresql_where=UNPAID),
        Index("ix_bookings_unpaid_user_id", "user_id", postgresql_where=UNPAID),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(BigInteger)
    chef_id: Mapped[int] = mapped_column(ForeignKey("chefs.id"))
    booking_date: Mapped[date] = mapped_column(Date)
    """The day at the chef's place, as it was when booked."""
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    duration_hours: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[Status] = mapped_column(String(20), server_default="pending")
    total_price: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(String(3))
    special_requests: Mapped[str] = mapped_column(Text, server_default="")
    expires_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), server_default=DEFAULT_EXPIRY
    )
    """When it ends unless it is paid; null once it is paid. The default is for a release that sets none."""
    cancel_reason: Mapped[str | None] = mapped_column(String(20))

    @property
    def starts_at(self) -> datetime:
        """The first moment."""
        return cast("datetime", self.period.lower)

    @property
    def ends_at(self) -> datetime:
        """The moment after the last."""
        return cast("datetime", self.period.upper)


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
