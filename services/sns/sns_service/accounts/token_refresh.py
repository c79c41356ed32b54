"""Renewing access at a network, by one worker at a time: a refresh token may be worth nothing once it was spent.

The right to renew is a lease, a moment in the account's row. It is taken and released by a transaction each; in
between, while the network is asked, none is open. A worker that dies leaves a lease that runs out. What is known of the
access stands in the encrypted credentials themselves, so that whoever replaces them replaces all of it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from shared.db.database import Database
from shared.db.transactions import driver
from shared.encryption import Cipher, WrongEncryptionKey
from shared.schemas.dates import utcnow
from sns_service.accounts.credentials import REFUSED, grant, renew_at, renewed, seal, unseal
from sns_service.networks.errors import LinkAgain, NetworkError, Refused, Unavailable, Working
from sns_service.networks.network import TokenRefresher
from sns_service.retry import OUTAGES, RETRY_SECONDS, with_retries

Credentials = Mapping[str, str]
logger = logging.getLogger(__name__)

SPARE_SECONDS: Final = 15.0
"""A lease lasts longer than its holder can take, by so much."""
ANOTHER_SECONDS: Final = 1.0
"""When to look again, while another worker renews."""
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


class TokenRefresh:
    """Renews accounts' access; `timeout` is how many seconds a network may take."""

    def __init__(self, database: Database, cipher: Cipher, *, timeout: float) -> None:
        self._database = database
        self._cipher = cipher
        self._timeout = timeout
        self._lease = timedelta(seconds=timeout + RETRY_SECONDS + SPARE_SECONDS)
        self._running: dict[int, asyncio.Task[Credentials]] = {}
        self._unwritten: dict[int, asyncio.Task[Credentials]] = {}

    async def renew(self, account_id: int, refresher: TokenRefresher, stale: Credentials) -> Credentials:
        """Credentials newer than `stale`. Goes on when who asked is canceled: what was spent must be kept.

        Raises LinkAgain, Busy, Working or Unavailable.
        """
        if REFUSED in stale:
            raise LinkAgain(stale[REFUSED])
        if unwritten := self._unwritten.get(account_id):
            return await asyncio.shield(unwritten)  # what the table still has is spent
        task = self._running.get(account_id)
        if task is None:
            task = asyncio.create_task(self._leased(account_id, refresher, stale))
            self._running[account_id] = task
            task.add_done_callback(lambda _: self._running.pop(account_id))
        return await asyncio.shield(task)

    async def _leased(self, account_id: int, refresher: TokenRefresher, stale: Credentials) -> Credentials:
        lease = await self._take(account_id)
        if REFUSED in lease.credentials:
            await self._end(lease)
            raise LinkAgain(lease.credentials[REFUSED])
        if lease.credentials.get("access_token") != stale["access_token"]:
            return await self._end(lease)  # somebody has renewed it, or the user has given another
        return await self._ask(lease, refresher)

    async def _take(self, account_id: int) -> Lease:
        try:
            lease = await take(self._database, self._cipher, account_id, self._lease)
        except WrongEncryptionKey as error:
            raise unreadable(account_id, error) from error
        except OUTAGES as error:
            raise Unavailable(
                "The account's access could not be renewed: one of our own systems is down."
            ) from error
        if lease is None:
            raise Working("Another worker is renewing the account's access.", retry_after=ANOTHER_SECONDS)
        return lease

    async def _ask(self, lease: Lease, refresher: TokenRefresher) -> Credentials:
        try:
            async with asyncio.timeout(self._timeout):
                tokens = await refresher.renew(lease.credentials)
        except LinkAgain as error:
            in_effect = await self._end(lease, {**lease.credentials, REFUSED: str(error)})
            if REFUSED in in_effect:
                raise
            return in_effect  # other ones, given while the network was asked
        except TimeoutError as error:
            await self._end(lease)
            raise Unavailable("The network took too long to renew the account's access.") from error
        except NetworkError:
            await self._end(lease)
            raise
        logger.info("account %s: the access token was renewed", lease.account_id)
        return await self._end(lease, renewed(lease.credentials, tokens, utcnow()))

    async def _end(self, lease: Lease, fresh: Credentials | None = None) -> Credentials:
        try:
            return await self._release(lease, fresh, seconds=RETRY_SECONDS)
        except (*OUTAGES, WrongEncryptionKey):
            logger.exception("account %s: its new access token could not be saved", lease.account_id)
        if fresh is not None:
            self._write_later(lease, fresh)
        return fresh or lease.credentials  # good for this call

    def _write_later(self, lease: Lease, fresh: Credentials) -> None:
        """Nobody else has what the network gave: it is kept here, and written down whenever that can be done."""
        task = asyncio.create_task(self._release(lease, fresh, seconds=math.inf))
        self._unwritten[lease.account_id] = task
        task.add_done_callback(partial(self._was_written, lease.account_id))

    def _was_written(self, account_id: int, task: asyncio.Task[Credentials]) -> None:
        del self._unwritten[account_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("account %s: its new access token is lost: %r", account_id, error)

    async def _release(self, lease: Lease, fresh: Credentials | None, *, seconds: float) -> Credentials:
        return await with_retries(
            lambda: release(self._database, self._cipher, lease, fresh),
            seconds=seconds,
            what=f"the new access token of account {lease.account_id} is saved later",
        )


def unreadable(account_id: int, error: WrongEncryptionKey) -> Refused:
    """What the author reads where no key of ours opens the credentials."""
    logger.error("account %s: %s", account_id, error)
    reason = "We cannot read the account's credentials at the moment"
    return Refused(reason, code="credentials_unreadable")
