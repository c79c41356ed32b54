"""The bootcamp: plans with their seats, enrolments, progress, web apps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261126150300"
down_revision: str | None = "20261126150200"


def upgrade() -> None:
    """Expand."""
    op.create_table(
        "bootcamp_plans",
        sa.Column("slug", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("price", sa.Integer(), nullable=False),
        sa.Column("duration", sa.String(length=50), nullable=False),
        sa.Column("schedule", sa.String(length=100), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("price > 0", name="ck_bootcamp_plans_price_positive"),
        sa.CheckConstraint("taken BETWEEN 0 AND seats", name="ck_bootcamp_plans_seats"),
        sa.PrimaryKeyConstraint("slug", name="pk_bootcamp_plans"),
    )
    op.create_table(
        "bootcamp_enrollments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_type", sa.String(length=50), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="active", nullable=False),
        sa.Column("progress", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("start_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'completed', 'canceled')", name="ck_bootcamp_enrollments_status"
        ),
        sa.CheckConstraint("end_date > start_date", name="ck_bootcamp_enrollments_dates"),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name="ck_bootcamp_enrollments_progress"),
        sa.ForeignKeyConstraint(
            ["plan_type"], ["bootcamp_plans.slug"], name="fk_bootcamp_enrollments_plan_type"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bootcamp_enrollments"),
    )
    op.create_index(
        "ix_bootcamp_enrollments_end_date",
        "bootcamp_enrollments",
        ["end_date"],
        unique=False,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index(
        "ix_bootcamp_enrollments_user_id", "bootcamp_enrollments", ["user_id", "id"], unique=False
    )
    op.create_index(
        "uq_bootcamp_enrollments_active",
        "bootcamp_enrollments",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "bootcamp_progress",
        sa.Column("enrollment_id", sa.BigInteger(), nullable=False),
        sa.Column("course", sa.String(length=50), nullable=False),
        sa.Column("percent", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "course IN ('automation_1', 'automation_2', 'automation_3', 'webapp')",
            name="ck_bootcamp_progress_course",
        ),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name="ck_bootcamp_progress_percent"),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["bootcamp_enrollments.id"],
            name="fk_bootcamp_progress_enrollment_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("enrollment_id", "course", name="pk_bootcamp_progress"),
    )
    op.create_table(
        "webapps",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("status", sa.String(length=20), server_default="draft", nullable=False),
        sa.Column("code_repo", sa.String(length=500), nullable=True),
        sa.Column("deployed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status <> 'live' OR url IS NOT NULL", name="ck_webapps_live_url"),
        sa.CheckConstraint("status IN ('draft', 'building', 'deployed', 'live')", name="ck_webapps_status"),
        sa.CheckConstraint(
            "status NOT IN ('deployed', 'live') OR deployed_at IS NOT NULL", name="ck_webapps_deployed_at"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webapps"),
    )
    op.create_index("ix_webapps_user_id", "webapps", ["user_id", "id"], unique=False)
    op.execute(
        """
        INSERT INTO bootcamp_plans (slug, name, price, duration, schedule, seats) VALUES
        ('weekday', 'Weekday bootcamp', 590000, '12 weeks', 'Monday to Friday, 19:00 to 22:00', 30),
        ('weekend', 'Weekend bootcamp', 590000, '12 weeks', 'Saturday and Sunday, 10:00 to 18:00', 20)
        """
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("webapps")
    op.drop_table("bootcamp_progress")
    op.drop_table("bootcamp_enrollments")
    op.drop_table("bootcamp_plans")
