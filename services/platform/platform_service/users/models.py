"""The users table, and as whom the payment provider knows users."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from platform_service.tables import Base
from shared.db.base import BigId, TimestampMixin

Role = Literal["user", "admin"]
EMAIL_LENGTH = 254
NAME_LENGTH = 120


class User(TimestampMixin, Base):
    """Somebody with an account. Deleting one keeps the row, without anything personal, for the ledger's sake."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('user', 'admin')", name="role"),
        Index("uq_users_email", text("lower(email)"), unique=True),
        Index(
            "uq_users_address",
            text("fold_address(email)"),
            "email_twin",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    """As the user typed it; unique as `fold_address` compares. Of a deleted user, something that is no address."""
    email_twin: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    """0; where several accounts were made of one address before spellings were compared as now, the others count on."""
    password_hash: Mapped[str] = mapped_column(String(255))
    """argon2id, or what the monolith wrote: werkzeug's scrypt and pbkdf2. `!` matches no password."""
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    role: Mapped[str] = mapped_column(String(20), default="user", server_default="user")
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Counts changes, so that who receives the user's events can tell an older one."""
    session_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    """Sessions of an earlier epoch cannot be refreshed, also where Redis was down when they were revoked."""
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Customer(TimestampMixin, Base):
    """A user as the payment provider knows them."""

    __tablename__ = "customers"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    provider_id: Mapped[str] = mapped_column(String(255), unique=True)
