"""The table of users."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from review_service.tables import Base

DELETED_USER_NAME = "Deleted user"


class User(Base):
    """A user of platform's, as last heard. A deleted one leaves a row without name and address, which keeps an event
    that comes late from bringing them back."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(320))
    version: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[bool] = mapped_column(server_default=text("false"))
    heard_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    """When platform last confirmed the user: a rebuild deletes those whom it did not confirm."""
