"""One worker at a time renews an account's access: a refresh token may be worth nothing once it was spent.

The lease is a moment in the account's row. It is taken and released by a transaction each; in between, while the
network is asked, none is open. A worker that dies leaves a lease that runs out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.db.database import Database
from shared.db.transactions import driver
from shared.encryption import Cipher
from sns_service.accounts.credentials import seal, unseal
from sns_service.accounts.renewal import grant, renew_at

_TAKE = """
    UPDATE accounts SET renewing_until = clock_timestamp() + $2
    WHERE id = $1 AND credentials IS NOT NULL
        AND (renewing_until IS NULL OR renewing_until < clock_timestamp())
    RETURNING platform, credentials, renewing_until
"""
_READ = "SELECT credentials FROM accounts WHERE id = $1 FOR UPDATE"
_STORE = "UPDATE accounts SET credentials = $2, renew_at = $3 WHERE id = $1"
_RELEASE = "UPDATE accounts SET renewing_until = NULL WHERE id = $1 AND renewing_until = $2"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to renew, and the credentials as they are now."""

    account_id: int
    platform: str
    until: datetime
    credentials: Mapping[str, str] = field(repr=False)


async def take(database: Database, cipher: Cipher, account_id: int, duration: timedelta) -> Lease | None:
    """None: another worker has it, or there is nothing left to renew. Raises WrongEncryptionKey."""
    async with database.session() as session:
        row = await (await driver(session)).fetchrow(_TAKE, account_id, duration)
        if row is None:
            return None
        opened = unseal(cipher, row["credentials"])
    return Lease(account_id, row["platform"], row["renewing_until"], opened)


async def release(
    database: Database, cipher: Cipher, lease: Lease, fresh: Mapping[str, str] | None = None
) -> Mapping[str, str]:
    """End the lease and keep `fresh`; what is in effect then. What a user gave meanwhile stays.

    Whether they did is seen by the grant, not by the encrypted text: that also changes with the keys.
    """
    async with database.session() as session:
        connection = await driver(session)
        sealed = await connection.fetchval(_READ, lease.account_id)
        await connection.execute(_RELEASE, lease.account_id, lease.until)
        if sealed is None:
            return fresh or lease.credentials
        current = unseal(cipher, sealed)
        if fresh is None or grant(current) != grant(lease.credentials):
            return current
        due = renew_at(lease.platform, fresh)
        await connection.execute(_STORE, lease.account_id, seal(cipher, fresh), due)
    return fresh
