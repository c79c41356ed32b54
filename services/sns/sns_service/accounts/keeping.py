"""Access that cannot be renewed once it has expired is renewed before, whether or not anybody publishes."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import asyncpg

from shared.db.database import Database
from shared.db.driver import driver
from sns_service.accounts.keyring import Holder, Keyring
from sns_service.networks.network import NetworkError

logger = logging.getLogger(__name__)

MOST: Final = 500
AT_A_TIME: Final = 10
_DUE = """
    SELECT id, platform, credentials FROM accounts
    WHERE renew_at <= now() AND credentials IS NOT NULL ORDER BY renew_at LIMIT $1
"""
_FORGET = "UPDATE accounts SET renew_at = NULL WHERE id = $1 AND credentials = $2 AND renew_at <= now()"
"""Of credentials that were replaced by a release which knew nothing of `renew_at`."""


async def renew_due(database: Database, keyring: Keyring) -> int:
    """Renew what is due, at most MOST of it; how many accounts were looked at. What fails is tried next time."""
    async with database.read_raw() as connection:
        rows = await connection.fetch(_DUE, MOST)
    slots = asyncio.Semaphore(AT_A_TIME)

    async def one(row: asyncpg.Record) -> None:
        async with slots:
            await _keep(database, keyring, row)

    await asyncio.gather(*map(one, rows))
    return len(rows)


async def _keep(database: Database, keyring: Keyring, row: asyncpg.Record) -> None:
    try:
        await keyring.keep(Holder(row["id"], row["platform"], row["credentials"]))
    except NetworkError as error:
        logger.info("account %s: access is not renewed: %s", row["id"], error)
        return
    async with database.session() as session:
        await (await driver(session)).execute(_FORGET, row["id"], row["credentials"])
