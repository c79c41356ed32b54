"""Subscriptions that are suspended, a ledger with disputes, events that nobody handled, looks at a checkout."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db.migrate import LOCK_TIMEOUT

revision: str = "20261130034000"
down_revision: str | None = "20261123122000"

KINDS = "ck_payments_kind_and_sign"
KINDS_AS_MADE = "ck_payments_ck_payments_kind_and_sign"
KINDS_BEFORE = "(kind = 'charge' AND amount > 0) OR (kind = 'refund' AND amount < 0)"
KINDS_NOW = (
    "(kind IN ('charge', 'refund_reversal', 'dispute_reversal') AND amount > 0) "
    "OR (kind IN ('refund', 'dispute') AND amount < 0)"
)
OUTCOMES = "outcome IN ('handled', 'irrelevant', 'not_ours', 'unhandled')"
SUSPENDED = "ix_subscriptions_suspended"
WAIT_FOR_TRANSACTIONS = "60s"
"""What is done concurrently waits for transactions that are open, and nobody waits behind it."""


def upgrade() -> None:
    """Expand: the release before sees subscriptions that run to what is paid, and writes rows that are allowed.

    May be run again after it was broken off.
    """
    _add_columns()
    op.create_table(
        "unhandled_events",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_unhandled_events"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_unhandled_events_received_at",
        "unhandled_events",
        ["received_at"],
        postgresql_where=sa.text("handled_at IS NULL"),
        if_not_exists=True,
    )
    # A longer varchar and a check that is not valid yet look at no row.
    op.alter_column("payments", "kind", type_=sa.String(length=20), existing_type=sa.String(length=10))
    for name in (KINDS, KINDS_AS_MADE):
        op.execute(f"ALTER TABLE payments DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"ALTER TABLE payments ADD CONSTRAINT {KINDS} CHECK ({KINDS_NOW}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute(f"SET lock_timeout = '{WAIT_FOR_TRANSACTIONS}'")
        op.execute(f"ALTER TABLE payments VALIDATE CONSTRAINT {KINDS}")
        op.execute("ALTER TABLE webhook_events VALIDATE CONSTRAINT ck_webhook_events_outcome")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {SUSPENDED}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {SUSPENDED} ON subscriptions (provider_asked_at) "
            "WHERE status = 'active' AND suspended_at IS NOT NULL"
        )
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def _add_columns() -> None:
    moment = sa.DateTime(timezone=True)
    for table, column in (
        ("subscriptions", sa.Column("suspended_at", moment, nullable=True)),
        ("subscriptions", sa.Column("payment_url", sa.Text(), nullable=True)),
        ("subscriptions", sa.Column("provider_asked_at", moment, nullable=True)),
        (
            "subscriptions",
            sa.Column("cancel_at_period_end", sa.Boolean(), server_default="false", nullable=False),
        ),
        ("checkouts", sa.Column("looks", sa.SmallInteger(), server_default="0", nullable=False)),
        ("checkouts", sa.Column("next_look_at", moment, nullable=True)),
        (
            "webhook_events",
            sa.Column("outcome", sa.String(length=20), server_default="handled", nullable=False),
        ),
    ):
        op.add_column(table, column, if_not_exists=True)
    op.execute("ALTER TABLE webhook_events DROP CONSTRAINT IF EXISTS ck_webhook_events_outcome")
    op.execute(
        f"ALTER TABLE webhook_events ADD CONSTRAINT ck_webhook_events_outcome CHECK ({OUTCOMES}) NOT VALID"
    )


def downgrade() -> None:
    """Back to the revision before; what the ledger has of disputes by then is in the way, and stays."""
    op.drop_index(SUSPENDED, "subscriptions")
    op.execute(f"ALTER TABLE payments DROP CONSTRAINT {KINDS}")
    op.execute(f"ALTER TABLE payments ADD CONSTRAINT {KINDS_AS_MADE} CHECK ({KINDS_BEFORE})")
    op.alter_column("payments", "kind", type_=sa.String(length=10), existing_type=sa.String(length=20))
    op.drop_table("unhandled_events")
    op.drop_column("webhook_events", "outcome")
    op.drop_column("checkouts", "next_look_at")
    op.drop_column("checkouts", "looks")
    for name in ("cancel_at_period_end", "provider_asked_at", "payment_url", "suspended_at"):
        op.drop_column("subscriptions", name)
