"""The tables of runs and of the attempts that they took."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ai_service.runs.rules import AttemptStatus, Status
from ai_service.tables import Base
from shared.db.base import BigId, TimestampMixin


class Run(TimestampMixin, Base):
    """One piece of work. `queued` until an attempt runs, and again between two of them."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'running', 'completed', 'failed', 'canceled')", name="status"),
        CheckConstraint("(status IN ('queued', 'running')) = (finished_at IS NULL)", name="finished_at"),
        CheckConstraint("(status = 'completed') = (output IS NOT NULL)", name="output"),
        CheckConstraint("(status = 'completed') = (hours_saved IS NOT NULL)", name="hours_saved"),
        CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name="error"),
        CheckConstraint("reserved_tokens > 0 AND input_tokens >= 0 AND output_tokens >= 0", name="tokens"),
        Index("ix_runs_employee_id", "employee_id", "id"),
        Index(
            "ix_runs_fruitless",
            "finished_at",
            postgresql_where=text("status IN ('failed', 'canceled')"),
        ),
        Index(
            "ix_runs_completed",
            "user_id",
            "finished_at",
            postgresql_where=text("status = 'completed'"),
        ),
        Index(
            "ix_runs_completed_of_employee",
            "employee_id",
            "finished_at",
            postgresql_include=["hours_saved"],
            postgresql_where=text("status = 'completed'"),
        ),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("ai_employees.id"))
    scenario_type: Mapped[str] = mapped_column(String(50))
    status: Mapped[Status] = mapped_column(String(20), server_default="queued")
    input: Mapped[dict[str, Any]] = mapped_column(JSONB)
    wishes: Mapped[str | None] = mapped_column(Text)
    """What its user wishes of the employee: the employee's description when the run was accepted."""
    output: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[str | None] = mapped_column(String(50))
    """A stable code."""
    error_message: Mapped[str | None] = mapped_column(Text)
    reply: Mapped[str | None] = mapped_column(Text)
    """The model's last reply, if it did not fit the scenario."""
    provider: Mapped[str | None] = mapped_column(String(20))
    model: Mapped[str | None] = mapped_column(String(100))
    reserved_tokens: Mapped[int]
    input_tokens: Mapped[int] = mapped_column(server_default=text("0"))
    output_tokens: Mapped[int] = mapped_column(server_default=text("0"))
    cost: Mapped[Decimal] = mapped_column(Numeric(14, 6), server_default=text("0"))
    """USD."""
    hours_saved: Mapped[int | None]
    """The scenario's estimate when the run completed."""
    started_at: Mapped[datetime | None]
    """When its first attempt began."""
    finished_at: Mapped[datetime | None]


class Attempt(Base):
    """One try of a run by one worker. Only the worker that holds `token` may end it while the status is `running`."""

    __tablename__ = "run_attempts"
    __table_args__ = (
        CheckConstraint(
            "status IN ('running', 'succeeded', 'failed', 'unfit', 'interrupted', 'canceled')", name="status"
        ),
        CheckConstraint("(status = 'running') = (finished_at IS NULL)", name="finished_at"),
        Index("uq_run_attempts_token", "token", unique=True),
        Index("uq_run_attempts_running", "run_id", unique=True, postgresql_where=text("status = 'running'")),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    token: Mapped[UUID] = mapped_column(Uuid)
    status: Mapped[AttemptStatus] = mapped_column(String(20), server_default="running")
    started_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    """Its worker moves this on while it lives."""
    called_at: Mapped[datetime | None]
    """When the model was asked; None for an attempt that never came so far."""
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    reply: Mapped[str | None] = mapped_column(Text)
    """The model's reply, if it did not fit the scenario."""
    input_tokens: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    output_tokens: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """While it runs, what is known of them about every second."""
    tokens_estimated: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the provider has not counted all of them."""
    input_price: Mapped[Decimal] = mapped_column(Numeric(14, 6), server_default=text("0"))
    """USD per million tokens, when the attempt began."""
    output_price: Mapped[Decimal] = mapped_column(Numeric(14, 6), server_default=text("0"))
