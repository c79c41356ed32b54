"""The table of scenarios."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ai_service.tables import Base
from shared.db.base import BigId, TimestampMixin


class Scenario(TimestampMixin, Base):
    """Something that employees can do, as the catalogue shows it."""

    __tablename__ = "scenarios"
    __table_args__ = (
        CheckConstraint("complexity IN ('easy', 'medium', 'advanced')", name="complexity"),
        CheckConstraint("estimated_savings >= 0", name="estimated_savings"),
        CheckConstraint("monthly_savings >= 0", name="monthly_savings"),
        Index(
            "uq_scenarios_scenario_type",
            "scenario_type",
            unique=True,
            postgresql_where=text("scenario_type IS NOT NULL"),
        ),
        Index("ix_scenarios_category", "category", "id"),
    )

    id: Mapped[BigId]
    name: Mapped[str] = mapped_column(String(100))
    category: Mapped[str] = mapped_column(String(50))
    description: Mapped[str | None] = mapped_column(Text)
    estimated_savings: Mapped[int | None]
    """Hours that one run saves: the rate at which runs of `scenario_type` are counted. Clients know it as
    `savings_per_run`, and by this column's name what a month saves."""
    monthly_savings: Mapped[int | None]
    """Hours that somebody saves with it in a month of usual work, as the catalogue promises."""
    complexity: Mapped[str] = mapped_column(String(20), server_default="easy")
    is_premium: Mapped[bool] = mapped_column(server_default=text("false"))
    scenario_type: Mapped[str | None] = mapped_column(String(50))
    """The kind of work that this is the catalogue's page of; None for one that nobody can run yet."""
