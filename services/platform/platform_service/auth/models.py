"""The sessions table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_service.tables import Base

ID_LENGTH = 32
AGENT_LENGTH = 200


class SessionRow(Base):
    """One login and the family of its refresh tokens. An ended one stays until its newest token would have expired."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_user_id", "user_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_sessions_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index("ix_sessions_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    epoch: Mapped[int]
    """The user's session_epoch at login."""
    family: Mapped[str] = mapped_column(String(32))
    """The key of the family's tags."""
    current_hash: Mapped[str] = mapped_column(String(64))
    """Of the newest secret."""
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    """Of the secret before it."""
    wrapped: Mapped[str | None] = mapped_column(String(64))
    """The newest secret, readable with the one before it alone."""
    answered_at: Mapped[datetime | None]
    """When the newest token was first handed over; null while nobody can have got it."""
    user_agent: Mapped[str] = mapped_column(String(AGENT_LENGTH))
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    used_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
