"""Asking a network for new access, by one worker at a time, and keeping what it gave."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from shared.db.database import Database
from shared.encryption import Cipher, WrongEncryptionKey
from shared.schemas.dates import utcnow
from sns_service.accounts.leases import Lease, release, take
from sns_service.accounts.renewal import REFUSED, renewed
from sns_service.networks.exchange import Exchange
from sns_service.networks.network import LinkAgain, NetworkError, Refused, Unavailable, Working
from sns_service.retry import OUTAGES, PATIENCE_SECONDS, patiently

Credentials = Mapping[str, str]
logger = logging.getLogger(__name__)

SPARE_SECONDS: Final = 15.0
"""A lease lasts longer than its holder can take, by so much."""
ANOTHER_SECONDS: Final = 1.0
"""When to look again, while another worker renews."""


class Renewing:
    """Renews accounts' access; `timeout` is how many seconds a network may take."""

    def __init__(self, database: Database, cipher: Cipher, *, timeout: float) -> None:
        self._database = database
        self._cipher = cipher
        self._timeout = timeout
        self._lease = timedelta(seconds=timeout + PATIENCE_SECONDS + SPARE_SECONDS)
        self._running: dict[int, asyncio.Task[Credentials]] = {}
        self._unwritten: dict[int, asyncio.Task[Credentials]] = {}

    async def renew(self, account_id: int, exchange: Exchange, stale: Credentials) -> Credentials:
        """Credentials newer than `stale`. Goes on when who asked is canceled: what was spent must be kept.

        Raises LinkAgain, Busy, Working or Unavailable.
        """
        if REFUSED in stale:
            raise LinkAgain(stale[REFUSED])
        if unwritten := self._unwritten.get(account_id):
            return await asyncio.shield(unwritten)  # what the table still has is spent
        task = self._running.get(account_id)
        if task is None:
            task = asyncio.create_task(self._leased(account_id, exchange, stale))
            self._running[account_id] = task
            task.add_done_callback(lambda _: self._running.pop(account_id))
        return await asyncio.shield(task)

    async def _leased(self, account_id: int, exchange: Exchange, stale: Credentials) -> Credentials:
        lease = await self._take(account_id)
        if REFUSED in lease.credentials:
            await self._end(lease)
            raise LinkAgain(lease.credentials[REFUSED])
        if lease.credentials.get("access_token") != stale["access_token"]:
            return await self._end(lease)  # somebody has renewed it, or the user has given another
        return await self._exchange(lease, exchange)

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

    async def _exchange(self, lease: Lease, exchange: Exchange) -> Credentials:
        try:
            async with asyncio.timeout(self._timeout):
                tokens = await exchange.renew(lease.credentials)
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
            return await self._give_back(lease, fresh, seconds=PATIENCE_SECONDS)
        except (*OUTAGES, WrongEncryptionKey):
            logger.exception("account %s: its new access token could not be saved", lease.account_id)
        if fresh is not None:
            self._write_later(lease, fresh)
        return fresh or lease.credentials  # good for this call

    def _write_later(self, lease: Lease, fresh: Credentials) -> None:
        """Nobody else has what the network gave: it is kept here, and written down whenever that can be done."""
        task = asyncio.create_task(self._give_back(lease, fresh, seconds=math.inf))
        self._unwritten[lease.account_id] = task
        task.add_done_callback(partial(self._was_written, lease.account_id))

    def _was_written(self, account_id: int, task: asyncio.Task[Credentials]) -> None:
        del self._unwritten[account_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("account %s: its new access token is lost: %r", account_id, error)

    async def _give_back(self, lease: Lease, fresh: Credentials | None, *, seconds: float) -> Credentials:
        return await patiently(
            lambda: release(self._database, self._cipher, lease, fresh),
            seconds=seconds,
            what=f"the new access token of account {lease.account_id} is saved later",
        )


def unreadable(account_id: int, error: WrongEncryptionKey) -> Refused:
    """What the author reads where no key of ours opens the credentials."""
    logger.error("account %s: %s", account_id, error)
    reason = "We cannot read the account's credentials at the moment"
    return Refused(reason, code="credentials_unreadable")
