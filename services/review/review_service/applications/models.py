"""The table of applications, and what they may be."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from review_service.tables import Base
from shared.db.base import BigId, TimestampMixin

Status = Literal["pending", "approved", "rejected"]
DEFAULT_HOLD = text("now() + interval '14 days'")


class Application(TimestampMixin, Base):
    """A user who wants to review a campaign's product; once per campaign. It takes a place unless it is rejected."""

    __tablename__ = "campaign_applications"
    __table_args__ = (
        UniqueConstraint("campaign_id", "user_id"),
        CheckConstraint("status IN ('pending', 'approved', 'rejected')", name="status"),
        CheckConstraint("follower_count >= 0", name="follower_count"),
        Index("ix_campaign_applications_campaign_id_id", "campaign_id", "id"),
        Index("ix_campaign_applications_user_id", "user_id", "id"),
    )

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    user_id: Mapped[int] = mapped_column(BigInteger)
    message: Mapped[str] = mapped_column(Text)
    sns_link: Mapped[str | None] = mapped_column(String(500))
    follower_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    status: Mapped[str] = mapped_column(String(20), server_default="pending")
    held_until: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT_HOLD)
    """Up to when a pending one keeps its place from others. The default is for a release that sets none."""
    expired: Mapped[bool] = mapped_column(server_default=text("false"))
    """Rejected by nobody: it gave up its place to the next applicant."""
