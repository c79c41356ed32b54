"""The table of campaigns, and the tags of what is cached of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from review_service.tables import Base
from shared.db.base import BigId, TimestampMixin

Status = Literal["active", "closed", "completed"]
RewardType = Literal["product", "cash", "both"]
ACTIVE = text("status = 'active'")


class Campaign(TimestampMixin, Base):
    """A product that looks for reviewers. `places_taken` counts the applications that are pending or approved,
    `applications_count` all of them; both move in the transactions that change applications."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("max_reviewers >= 1", name="max_reviewers_positive"),
        CheckConstraint("places_taken BETWEEN 0 AND max_reviewers", name="places"),
        CheckConstraint("applications_count >= places_taken", name="applications_count"),
        CheckConstraint("reward_type IN ('product', 'cash', 'both')", name="reward_type"),
        CheckConstraint("status IN ('active', 'closed', 'completed')", name="status"),
        Index("ix_campaigns_active", "id", "deadline", postgresql_where=ACTIVE),
        Index("ix_campaigns_active_category", "category", "id", "deadline", postgresql_where=ACTIVE),
        Index("ix_campaigns_active_deadline", "deadline", postgresql_where=ACTIVE),
        Index("ix_campaigns_creator_id", "creator_id", "id"),
    )

    id: Mapped[BigId]
    creator_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(String(200))
    product_name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(50))
    reward_type: Mapped[str] = mapped_column(String(20))
    reward_value: Mapped[str] = mapped_column(String(200))
    max_reviewers: Mapped[int]
    places_taken: Mapped[int] = mapped_column(server_default="0")
    applications_count: Mapped[int] = mapped_column(server_default="0")
    deadline: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(String(20), server_default="active")


ALL_CAMPAIGNS = "campaigns"
"""Every list of campaigns, and every search. Applications leave it alone: see `catalogue.py`."""


def campaign_tag(campaign_id: int) -> str:
    """One campaign's page."""
    return f"campaign:{campaign_id}"
