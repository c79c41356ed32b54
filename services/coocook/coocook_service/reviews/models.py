"""The table of reviews."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from coocook_service.tables import Base
from shared.db.base import BigId, TimestampMixin

ONE_COUNTS = "uq_booking_reviews_counts"


class Review(TimestampMixin, Base):
    """What a customer says of a completed booking, once. Of a customer's reviews of a chef the newest one counts to the
    rating."""

    __tablename__ = "booking_reviews"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index("ix_booking_reviews_chef_id", "chef_id", "id"),
        Index("ix_booking_reviews_user_id", "user_id"),
        Index(ONE_COUNTS, "chef_id", "user_id", unique=True, postgresql_where=text("counts")),
    )

    id: Mapped[BigId]
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), unique=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    chef_id: Mapped[int] = mapped_column(ForeignKey("chefs.id"))
    rating: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(Text)
    counts: Mapped[bool | None]
    """Null where a release wrote it that did not know of this: it counts until the customer's next review."""
