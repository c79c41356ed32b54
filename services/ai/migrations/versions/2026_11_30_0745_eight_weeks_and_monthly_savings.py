"""A bootcamp of eight weeks with the seats that there are, and what a scenario saves in a month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261130074500"
down_revision: str | None = "20261130051000"

CHECK = "ck_scenarios_monthly_savings"


def upgrade() -> None:
    """Expand: a release before reads and writes what it did. May be run again."""
    op.add_column("scenarios", sa.Column("monthly_savings", sa.Integer(), nullable=True), if_not_exists=True)
    op.execute(f"ALTER TABLE scenarios DROP CONSTRAINT IF EXISTS {CHECK}")
    op.execute(f"ALTER TABLE scenarios ADD CONSTRAINT {CHECK} CHECK (monthly_savings >= 0)")
    # A run on each working day; there are five rows.
    op.execute("UPDATE scenarios SET monthly_savings = 20 * estimated_savings WHERE monthly_savings IS NULL")
    # Nobody who has a seat loses it, and what an administrator has set stays.
    op.execute(
        """
        UPDATE bootcamp_plans SET seats = greatest(taken, CASE slug WHEN 'weekday' THEN 3 ELSE 0 END)
        WHERE (slug, seats) IN (('weekday', 30), ('weekend', 20))
        """
    )
    op.execute(
        """
        UPDATE bootcamp_plans AS p SET name = said.name, duration = said.duration, schedule = said.schedule
        FROM (VALUES
            ('weekday', '평일 저녁반', '8주', '월요일~금요일 19:00~21:00'),
            ('weekend', '주말반', '8주', '토요일·일요일 10:00~14:00')
        ) AS said(slug, name, duration, schedule) WHERE p.slug = said.slug
        """
    )


def downgrade() -> None:
    """Back to the revision before, but for what the bootcamp's plans say."""
    op.drop_column("scenarios", "monthly_savings")
