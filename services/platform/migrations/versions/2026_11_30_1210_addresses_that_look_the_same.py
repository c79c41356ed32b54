"""One address is one account, however it is spelled: the database compares what Python folds.

Accounts that are twins by that already stay as they are, numbered; new ones cannot be made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db.migrate import LOCK_TIMEOUT
from shared.schemas.emails import MAX_LENGTH, unicode_domain

revision: str = "20261130121000"
down_revision: str | None = "20261130120000"

WAIT_FOR_TRANSACTIONS = "60s"
"""An index that is made concurrently waits for those that are open, and nobody waits behind it."""
# casefold() with this collation is Unicode's own, whatever locale the database has; as `fold_address` in
# shared.schemas.emails, but for the domain, which is stored in letters.
FOLD_ADDRESS = r"""
    CREATE OR REPLACE FUNCTION fold_address(address text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN normalize(
        regexp_replace(
            normalize(casefold(normalize(address, NFKC) COLLATE pg_catalog.pg_unicode_fast), NFKC),
            U&'i\0307+', 'i', 'g'
        ), NFKC
    )
"""
NUMBER_TWINS = """
    UPDATE users SET email_twin = twins.number - 1 FROM (
        SELECT id, row_number() OVER (PARTITION BY fold_address(email) ORDER BY id) AS number
        FROM users WHERE deleted_at IS NULL
    ) AS twins
    WHERE twins.id = users.id AND users.email_twin <> twins.number - 1 AND users.deleted_at IS NULL
"""

COMPOSE_NAMES = """
    UPDATE users SET name = normalize(name, NFC)
    WHERE name IS NOT NFC NORMALIZED AND char_length(normalize(name, NFC)) <= 120
"""


def upgrade() -> None:
    """Expand: the release before goes on looking accounts up by `uq_users_email`. May be run again."""
    twin = sa.Column("email_twin", sa.SmallInteger(), server_default="0", nullable=False)
    op.add_column("users", twin, if_not_exists=True)
    op.execute(FOLD_ADDRESS)
    with op.get_context().autocommit_block():
        op.execute(f"SET lock_timeout = '{WAIT_FOR_TRANSACTIONS}'")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_users_address")
        op.execute(COMPOSE_NAMES)
        _write_domains_in_letters()
        op.execute(NUMBER_TWINS)
        op.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY uq_users_address ON users (fold_address(email), email_twin)"
            " WHERE deleted_at IS NULL"
        )
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def _write_domains_in_letters() -> None:
    """Where that is another account's address by the older constraint already, it stays as it is."""
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT id, email FROM users WHERE email ~* '@(.+[.])?xn--'"))
    change = sa.text(
        "UPDATE users SET email = :email WHERE id = :id AND char_length(:email) <= :longest"
        " AND NOT EXISTS (SELECT FROM users WHERE lower(email) = lower(:email) AND id <> :id)"
    )
    for user_id, email in found.all():
        values = {"id": user_id, "email": unicode_domain(email), "longest": MAX_LENGTH}
        connection.execute(change, values)


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_index("uq_users_address", "users")
    op.execute("DROP FUNCTION fold_address(text)")
    op.drop_column("users", "email_twin")
