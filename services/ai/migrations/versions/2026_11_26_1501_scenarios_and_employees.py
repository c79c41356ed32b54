"""Scenarios, AI employees, and what users have used of their plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261126150100"
down_revision: str | None = "20261126150000"


def upgrade() -> None:
    """Expand."""
    op.create_table(
        "scenarios",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("category", sa.String(length=50), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("estimated_savings", sa.Integer(), nullable=True),
        sa.Column("complexity", sa.String(length=20), server_default="easy", nullable=False),
        sa.Column("is_premium", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("scenario_type", sa.String(length=50), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("complexity IN ('easy', 'medium', 'advanced')", name="ck_scenarios_complexity"),
        sa.CheckConstraint("estimated_savings >= 0", name="ck_scenarios_estimated_savings"),
        sa.PrimaryKeyConstraint("id", name="pk_scenarios"),
    )
    op.create_index("ix_scenarios_category", "scenarios", ["category", "id"], unique=False)
    op.create_index(
        "uq_scenarios_scenario_type",
        "scenarios",
        ["scenario_type"],
        unique=True,
        postgresql_where=sa.text("scenario_type IS NOT NULL"),
    )
    op.create_table(
        "ai_accounts",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("plan", sa.String(length=20), nullable=True),
        sa.Column("employees", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("tokens_used", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tokens_reserved", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("plan IN ('starter', 'ambassador', 'enterprise')", name="ck_ai_accounts_plan"),
        sa.CheckConstraint("employees >= 0", name="ck_ai_accounts_employees"),
        sa.CheckConstraint("tokens_used >= 0 AND tokens_reserved >= 0", name="ck_ai_accounts_tokens"),
        sa.PrimaryKeyConstraint("user_id", name="pk_ai_accounts"),
    )
    op.create_table(
        "ai_employees",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scenario_type", sa.String(length=50), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=20), server_default="draft", nullable=False),
        sa.Column("trainings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("deployed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "scenario_type IN ('email', 'social', 'customer_service', 'data_entry', 'scheduling')",
            name="ck_ai_employees_scenario_type",
        ),
        sa.CheckConstraint("status = 'draft' OR deployed_at IS NOT NULL", name="ck_ai_employees_deployed_at"),
        sa.CheckConstraint(
            "status IN ('draft', 'training', 'active', 'paused')", name="ck_ai_employees_status"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ai_employees"),
    )
    op.create_index(
        "ix_ai_employees_user_id",
        "ai_employees",
        ["user_id", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("ai_employees")
    op.drop_table("ai_accounts")
    op.drop_table("scenarios")
