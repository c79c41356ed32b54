"""Access that cannot be renewed once it has expired is renewed before, whether or not anybody publishes."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Final

from shared.db.database import Database
from shared.db.transactions import driver
from sns_service.accounts.keyring import Holder, Keyring
from sns_service.networks.errors import NetworkError

logger = logging.getLogger(__name__)

MOST: Final = 500
AT_A_TIME: Final = 10
LATER: Final = timedelta(minutes=50)
"""After a failure: by the next time of every hour, but behind what has not been tried since."""
_DUE = """
    SELECT id, platform, credentials FROM accounts
    WHERE renew_at <= now() AND credentials IS NOT NULL ORDER BY renew_at LIMIT $1
"""
_FORGET = "UPDATE accounts SET renew_at = NULL WHERE id = $1 AND credentials = $2 AND renew_at <= now()"
"""Of credentials that were replaced by a release which knew nothing of `renew_at`."""
_LATER = "UPDATE accounts SET renew_at = now() + $3 WHERE id = $1 AND credentials = $2 AND renew_at <= now()"


async def renew_due(database: Database, keyring: Keyring) -> int:
    """Renew what is due, at most MOST of it; how many accounts were looked at. What fails is tried again LATER."""
    async with database.read_raw() as connection:
        holders = [
            Holder(row["id"], row["platform"], row["credentials"])
            for row in await connection.fetch(_DUE, MOST)
        ]
    slots = asyncio.Semaphore(AT_A_TIME)

    async def one(holder: Holder) -> None:
        async with slots:
            await _keep(database, keyring, holder)

    await asyncio.gather(*map(one, holders))
    return len(holders)


async def _keep(database: Database, keyring: Keyring, holder: Holder) -> None:
    kept = await _is_kept(keyring, holder)
    async with database.session() as session:
        connection = await driver(session)
        if kept:
            await connection.execute(_FORGET, holder.account_id, holder.sealed)
        else:
            await connection.execute(_LATER, holder.account_id, holder.sealed, LATER)


async def _is_kept(keyring: Keyring, holder: Holder) -> bool:
    """False where its access could not be renewed."""
    try:
        await keyring.keep(holder)
    except NetworkError as error:
        logger.info("account %s: the access token was not renewed: %s", holder.account_id, error)
    except Exception:  # ours: one account may not keep the others from being renewed
        logger.exception("account %s: renewing the access token failed", holder.account_id)
    else:
        return True
    return False
