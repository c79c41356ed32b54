"""The name by which an app linked an account, where its network has two."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261130073500"
down_revision: str | None = "20261130045500"

CHECK = "ck_accounts_linked_as"


def upgrade() -> None:
    """Expand: a release before leaves the column null. May be run again."""
    op.add_column("accounts", sa.Column("linked_as", sa.String(length=20), nullable=True), if_not_exists=True)
    op.execute(f"ALTER TABLE accounts DROP CONSTRAINT IF EXISTS {CHECK}")
    op.execute(
        f"ALTER TABLE accounts ADD CONSTRAINT {CHECK}"
        " CHECK (linked_as IS NULL OR linked_as = 'youtube' AND platform = 'youtube_shorts') NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE accounts VALIDATE CONSTRAINT {CHECK}")


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_column("accounts", "linked_as")
