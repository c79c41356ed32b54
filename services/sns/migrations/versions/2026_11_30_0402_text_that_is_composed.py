"""The names by which an account is linked once are composed (NFC), as they arrive from now on."""

from __future__ import annotations

from alembic import op

revision: str = "20261130040200"
down_revision: str | None = "20261126205300"

COMPOSE = """
    UPDATE accounts SET account_name = normalize(account_name, NFC)
    WHERE account_name IS NOT NFC NORMALIZED AND char_length(normalize(account_name, NFC)) <= 120
    AND NOT EXISTS (
        SELECT FROM accounts AS other
        WHERE other.id <> accounts.id AND other.user_id = accounts.user_id AND other.platform = accounts.platform
        AND other.deleted_at IS NULL AND accounts.deleted_at IS NULL
        AND lower(normalize(other.account_name, NFC)) = lower(normalize(accounts.account_name, NFC))
    )
"""


def upgrade() -> None:
    """Expand: the release before reads and writes as it did. What is linked twice already stays as it is."""
    op.execute(COMPOSE)


def downgrade() -> None:
    """Nothing to take back: the names look the same."""
