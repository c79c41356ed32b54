"""Runs and their attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261126150200"
down_revision: str | None = "20261126150100"


def upgrade() -> None:
    """Expand."""
    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("employee_id", sa.BigInteger(), nullable=False),
        sa.Column("scenario_type", sa.String(length=50), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="queued", nullable=False),
        sa.Column("input", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("wishes", sa.Text(), nullable=True),
        sa.Column("output", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("error", sa.String(length=50), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("provider", sa.String(length=20), nullable=True),
        sa.Column("model", sa.String(length=100), nullable=True),
        sa.Column("reserved_tokens", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("output_tokens", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cost", sa.Numeric(precision=14, scale=6), server_default=sa.text("0"), nullable=False),
        sa.Column("hours_saved", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'completed') = (hours_saved IS NOT NULL)", name="ck_runs_hours_saved"),
        sa.CheckConstraint("(status = 'completed') = (output IS NOT NULL)", name="ck_runs_output"),
        sa.CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name="ck_runs_error"),
        sa.CheckConstraint(
            "(status IN ('queued', 'running')) = (finished_at IS NULL)", name="ck_runs_finished_at"
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'completed', 'failed', 'canceled')", name="ck_runs_status"
        ),
        sa.CheckConstraint(
            "reserved_tokens > 0 AND input_tokens >= 0 AND output_tokens >= 0", name="ck_runs_tokens"
        ),
        sa.ForeignKeyConstraint(["employee_id"], ["ai_employees.id"], name="fk_runs_employee_id"),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index(
        "ix_runs_completed",
        "runs",
        ["user_id", "finished_at"],
        unique=False,
        postgresql_where=sa.text("status = 'completed'"),
    )
    op.create_index(
        "ix_runs_completed_of_employee",
        "runs",
        ["employee_id", "finished_at"],
        unique=False,
        postgresql_include=["hours_saved"],
        postgresql_where=sa.text("status = 'completed'"),
    )
    op.create_index("ix_runs_employee_id", "runs", ["employee_id", "id"], unique=False)
    op.create_index("ix_runs_user_id", "runs", ["user_id"], unique=False)
    op.create_table(
        "run_attempts",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="running", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("output_tokens", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "(status = 'running') = (finished_at IS NULL)", name="ck_run_attempts_finished_at"
        ),
        sa.CheckConstraint(
            "status IN ('running', 'succeeded', 'failed', 'unfit', 'interrupted', 'canceled')",
            name="ck_run_attempts_status",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_attempts_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_run_attempts"),
    )
    op.create_index(
        "uq_run_attempts_running",
        "run_attempts",
        ["run_id"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index("uq_run_attempts_token", "run_attempts", ["token"], unique=True)


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("run_attempts")
    op.drop_table("runs")
