"""The signing_keys table."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import CheckConstraint, DateTime, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_service.tables import Base

Status = Literal["published", "active", "retiring", "retired"]


class SigningKey(Base):
    """An RSA key: published (known to verifiers), active (signs), retiring (only verifies), retired (gone)."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint("status IN ('published', 'active', 'retiring', 'retired')", name="status"),
        Index("uq_signing_keys_active", "status", unique=True, postgresql_where=text("status = 'active'")),
    )

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    private_key: Mapped[str] = mapped_column(Text)
    """PEM, encrypted by KEY_ENCRYPTION_KEYS."""
    public_key: Mapped[str] = mapped_column(Text)
    """PEM."""
    status: Mapped[str] = mapped_column(String(20), default="published")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    activated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retire_after: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the last token that a retiring key signed is over."""
