"""The job queue and the idempotency keys, as every service has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import migrations

revision: str = "20261101100000"
down_revision: str | None = "20261101090000"


def upgrade() -> None:
    """The tables of shared.jobs and shared.idempotency."""
    migrations.install(op)
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("operation", sa.String(100), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False
        ),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    """Without them."""
    op.drop_table("idempotency_keys")
    migrations.uninstall(op)
