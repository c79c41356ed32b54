"""The table of chefs, and the tags of what is cached of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Double,
    Index,
    Numeric,
    SmallInteger,
    String,
    Text,
    and_,
    case,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coocook_service.tables import Base
from shared.db.base import BigId, TimestampMixin

RATING = "CASE WHEN rating_count = 0 THEN 0 ELSE rating_sum::double precision / rating_count END"


class Chef(TimestampMixin, Base):
    """A user who cooks for others. `price_per_session` is for one hour.

    Shown and bookable while both are true: `is_active`, the chef's own switch, and `account_active`, platform's.
    """

    __tablename__ = "chefs"
    __table_args__ = (
        CheckConstraint("price_per_session > 0", name="price_positive"),
        CheckConstraint("opens_hour >= 0 AND opens_hour < closes_hour AND closes_hour <= 24", name="hours"),
        CheckConstraint(
            "rating_count >= 0 AND rating_sum BETWEEN rating_count AND 5 * rating_count", name="rating"
        ),
        Index("ix_chefs_active_cuisine_type", "cuisine_type", "id", postgresql_where=text("is_active")),
        Index("ix_chefs_active", "id", postgresql_where=text("is_active")),
        Index(
            "ix_chefs_location_trgm",
            "location",
            postgresql_using="gin",
            postgresql_ops={"location": "gin_trgm_ops"},
        ),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    name: Mapped[str] = mapped_column(String(120))
    bio: Mapped[str | None] = mapped_column(Text)
    cuisine_type: Mapped[str] = mapped_column(String(50))
    location: Mapped[str] = mapped_column(String(200))
    price_per_session: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(String(3), server_default="USD")
    timezone: Mapped[str] = mapped_column(String(50), server_default="Asia/Seoul")
    opens_hour: Mapped[int] = mapped_column(SmallInteger, server_default="9")
    closes_hour: Mapped[int] = mapped_column(SmallInteger, server_default="21")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    account_active: Mapped[bool] = mapped_column(server_default=text("true"))
    account_version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Of platform's user, as of the last event that was applied: what is older changes nothing."""
    rating_sum: Mapped[int] = mapped_column(BigInteger, server_default="0")
    rating_count: Mapped[int] = mapped_column(server_default="0")
    rating: Mapped[float] = mapped_column(Double, Computed(RATING, persisted=True))


NEW_CHEFS_RATING: Final = 5.0
"""What apps show of a chef without reviews, with a `rating_count` of 0. No review says it: it is never stored."""
SHOWN_RATING = case((Chef.rating_count == 0, NEW_CHEFS_RATING), else_=Chef.rating).label("rating")
IS_OPEN = and_(Chef.is_active, Chef.account_active)
"""Who is shown, and may be booked."""

ALL_CHEFS = "chefs"
"""The tag of cached answers that depend on which chefs there are: every list of chefs."""


def chef_tag(chef_id: int) -> str:
    """The tag of cached answers about one chef: profile and reviews."""
    return f"chef:{chef_id}"
