"""The table of web apps."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ai_service.tables import Base
from ai_service.webapps.rules import Status
from shared.db.base import BigId, TimestampMixin


class WebApp(TimestampMixin, Base):
    """What a student builds."""

    __tablename__ = "webapps"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'building', 'deployed', 'live')", name="status"),
        CheckConstraint("status <> 'live' OR url IS NOT NULL", name="live_url"),
        CheckConstraint("status NOT IN ('deployed', 'live') OR deployed_at IS NOT NULL", name="deployed_at"),
        Index("ix_webapps_user_id", "user_id", "id"),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(String(500))
    status: Mapped[Status] = mapped_column(String(20), server_default="draft")
    code_repo: Mapped[str | None] = mapped_column(String(500))
    deployed_at: Mapped[datetime | None]
