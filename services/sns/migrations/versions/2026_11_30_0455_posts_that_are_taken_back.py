"""X as a network, and when posts go out again whose account is linked again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261130045500"
down_revision: str | None = "20261130040200"

CHECK = "ck_accounts_platform"
AS_MADE = "ck_accounts_ck_accounts_platform"
"""What the first migration named it: the convention put its own words before."""
PLATFORMS = "platform IN ('instagram', 'blog', 'tiktok', 'youtube_shorts', 'twitter')"
PLATFORMS_BEFORE = "platform IN ('instagram', 'blog', 'tiktok', 'youtube_shorts')"


def upgrade() -> None:
    """Expand: a release before links no account of X, and leaves the column null. May be run again."""
    op.add_column(
        "posts", sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True), if_not_exists=True
    )
    for name in (CHECK, AS_MADE):
        op.execute(f"ALTER TABLE accounts DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"ALTER TABLE accounts ADD CONSTRAINT {CHECK} CHECK ({PLATFORMS}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE accounts VALIDATE CONSTRAINT {CHECK}")


def downgrade() -> None:
    """Back to the revision before."""
    op.execute(f"ALTER TABLE accounts DROP CONSTRAINT IF EXISTS {CHECK}")
    op.execute(f"ALTER TABLE accounts ADD CONSTRAINT {AS_MADE} CHECK ({PLATFORMS_BEFORE}) NOT VALID")
    op.drop_column("posts", "resume_at")
