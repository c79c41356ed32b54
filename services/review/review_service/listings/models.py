"""The table of listings, and the tag of what is cached of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Index, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from review_service.tables import Base
from shared.db.base import BigId, TimestampMixin

SHOWN = text("retired_at IS NULL")


class Listing(TimestampMixin, Base):
    """A reviewer campaign of a partner site. A listing that the site no longer shows is retired; when it
    comes back it has its old id again."""

    __tablename__ = "experience_listings"
    __table_args__ = (
        UniqueConstraint("site", "external_id"),
        Index("ix_experience_listings_shown", "id", postgresql_where=SHOWN),
        Index("ix_experience_listings_site_id", "site", "id", postgresql_where=SHOWN),
        Index("ix_experience_listings_category", "category", "id", postgresql_where=SHOWN),
    )

    id: Mapped[BigId]
    site: Mapped[str] = mapped_column(String(50))
    external_id: Mapped[str] = mapped_column(String(500))
    """What the site calls it; its address where the site gives it no id."""
    title: Mapped[str] = mapped_column(String(300))
    url: Mapped[str] = mapped_column(String(500))
    deadline: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    image_url: Mapped[str] = mapped_column(String(500), server_default="")
    category: Mapped[str] = mapped_column(String(100), server_default="")
    description: Mapped[str] = mapped_column(Text, server_default="")
    reward: Mapped[str] = mapped_column(String(200), server_default="")
    page_url: Mapped[str | None] = mapped_column(String(500))
    """The page of the site that showed it last."""
    crawl_id: Mapped[int | None] = mapped_column(BigInteger)
    """The crawl that saw it last."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


ALL_LISTINGS = "listings"
