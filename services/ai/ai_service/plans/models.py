"""What each user has used of their plan."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ai_service.tables import Base


class Account(Base):
    """One row per user, which every use of the plan updates atomically. Tokens are counted for `month` alone."""

    __tablename__ = "ai_accounts"
    __table_args__ = (
        CheckConstraint("plan IN ('starter', 'ambassador', 'enterprise')", name="plan"),
        CheckConstraint("employees >= 0", name="employees"),
        CheckConstraint("tokens_used >= 0 AND tokens_reserved >= 0", name="tokens"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    plan: Mapped[str | None] = mapped_column(String(20))
    """None: the default plan of the settings."""
    employees: Mapped[int] = mapped_column(server_default=text("0"))
    month: Mapped[date] = mapped_column(Date)
    tokens_used: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    tokens_reserved: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """For runs that are not over yet, also those of the month before."""
