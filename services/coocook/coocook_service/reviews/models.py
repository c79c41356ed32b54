"""The table of reviews."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from coocook_service.tables import Base
from shared.db.base import BigId, TimestampMixin


class Review(TimestampMixin, Base):
    """What a customer says of a completed booking, once."""

    __tablename__ = "booking_reviews"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index("ix_booking_reviews_chef_id", "chef_id", "id"),
        Index("ix_booking_reviews_user_id", "user_id"),
    )

    id: Mapped[BigId]
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), unique=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    chef_id: Mapped[int] = mapped_column(ForeignKey("chefs.id"))
    rating: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(Text)
