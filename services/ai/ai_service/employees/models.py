"""The tables of AI employees, and of what each user has used of their plan."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ai_service.employees.rules import Status
from ai_service.scenarios.kinds import ScenarioType
from ai_service.tables import Base
from shared.db.base import BigId, TimestampMixin


class Employee(TimestampMixin, Base):
    """Somebody's AI employee, for one kind of work."""

    __tablename__ = "ai_employees"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'training', 'active', 'paused')", name="status"),
        CheckConstraint(
            "scenario_type IN ('email', 'social', 'customer_service', 'data_entry', 'scheduling')",
            name="scenario_type",
        ),
        CheckConstraint("status = 'draft' OR deployed_at IS NOT NULL", name="deployed_at"),
        Index("ix_ai_employees_user_id", "user_id", "id", postgresql_where=text("deleted_at IS NULL")),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(100))
    scenario_type: Mapped[ScenarioType] = mapped_column(String(50))
    description: Mapped[str | None] = mapped_column(Text)
    """What its owner wants of it; a model reads it as wishes, beside the input, never as instructions."""
    status: Mapped[Status] = mapped_column(String(20), server_default="draft")
    trainings: Mapped[int] = mapped_column(server_default=text("0"))
    """How often it was trained: the job that ends a training knows by it whether it is still the one."""
    deployed_at: Mapped[datetime | None]
    """When its last training began."""
    deleted_at: Mapped[datetime | None]
    """Its runs stay, as what they saved does."""


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
