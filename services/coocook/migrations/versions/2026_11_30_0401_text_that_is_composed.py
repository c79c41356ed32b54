"""What chefs are found by is composed (NFC), as it arrives from now on."""

from __future__ import annotations

from alembic import op

revision: str = "20261130040100"
down_revision: str | None = "20261130034000"

LIMITS = {"name": 120, "cuisine_type": 50, "location": 200}
COMPOSE = """
    UPDATE chefs SET {column} = normalize({column}, NFC)
    WHERE {column} IS NOT NFC NORMALIZED AND char_length(normalize({column}, NFC)) <= {limit}
"""


def upgrade() -> None:
    """Expand: the release before reads and writes as it did. A few texts get longer, and stay where they do not fit."""
    for column, limit in LIMITS.items():
        op.execute(COMPOSE.format(column=column, limit=limit))


def downgrade() -> None:
    """Nothing to take back: the texts look the same."""
