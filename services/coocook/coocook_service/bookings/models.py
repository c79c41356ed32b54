"""The table of bookings."""

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


class Booking(TimestampMixin, Base):
    """A chef's time, taken by a user. No two that are not canceled share a moment of one chef.

    Until it is paid it is a reservation, which ends at `expires_at` (`cancellation.py`).
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
