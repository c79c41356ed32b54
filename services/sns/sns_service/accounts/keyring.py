"""Accounts' credentials in use: opened, and renewed before they expire or when their network no longer accepts them.

Access that cannot be renewed once it has expired is renewed before, whether or not anybody publishes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from typing import Final, TypeVar

from shared.db.database import Database
from shared.db.transactions import driver
from shared.encryption import Cipher, WrongEncryptionKey
from shared.schemas.dates import utcnow
from sns_service.accounts.credentials import expires_at, unseal
from sns_service.accounts.token_refresh import Credentials, TokenRefresh, unreadable
from sns_service.networks.errors import NetworkError, Refused, TokenRejected, marked
from sns_service.networks.network import TokenRefresher
from sns_service.settings import SnsSettings

T = TypeVar("T")
logger = logging.getLogger(__name__)
DEVELOPMENT: Final = {
    "access_token": "development",
    "user_id": "development",
    "username": "development",
    "application_password": "development",
}
RENEWED_AT_ONCE: Final = 500
RENEWALS_AT_A_TIME: Final = 10
RETRY_AFTER: Final = timedelta(minutes=50)
"""After a failure: by the next time of every hour, but behind what has not been tried since."""
_DUE = """
    SELECT id, platform, credentials FROM accounts
    WHERE renew_at <= now() AND credentials IS NOT NULL ORDER BY renew_at LIMIT $1
"""
_FORGET = "UPDATE accounts SET renew_at = NULL WHERE id = $1 AND credentials = $2 AND renew_at <= now()"
"""Of credentials that were replaced by a release which knew nothing of `renew_at`."""
_LATER = "UPDATE accounts SET renew_at = now() + $3 WHERE id = $1 AND credentials = $2 AND renew_at <= now()"


@dataclass(frozen=True, slots=True)
class Holder:
    """An account as it was read."""

    account_id: int
    platform: str
    sealed: str | None = field(repr=False)


class Keyring:
    """Credentials for calls to networks. `refreshers` are the networks whose access can be renewed."""

    def __init__(
        self, database: Database, settings: SnsSettings, refreshers: Mapping[str, TokenRefresher]
    ) -> None:
        cipher = Cipher(settings.fernet_keys)
        self._open = lru_cache(4096)(partial(unseal, cipher))
        self._refreshers = refreshers
        self._is_production = settings.is_production
        self._token_refresh = TokenRefresh(database, cipher, timeout=settings.network_timeout_seconds)

    async def use(self, holder: Holder, call: Callable[[Credentials], Awaitable[T]]) -> T:
        """What `call` comes to. It is made again with renewed access if the network rejects the token: a 401 is a
        definite no, so that nothing is done twice. Raises NetworkError."""
        credentials = self._opened(holder)
        refresher = self._refresher(holder, credentials)
        if refresher is None:
            return await call(credentials)
        credentials = await self._in_time(holder, refresher, credentials)
        try:
            return await call(credentials)
        except TokenRejected as rejected:
            return await call(await self._renewed(holder, refresher, credentials, rejected))

    async def _renewed(
        self, holder: Holder, refresher: TokenRefresher, credentials: Credentials, rejected: TokenRejected
    ) -> Credentials:
        """What the network has of the post it still has, whatever becomes of the access."""
        try:
            return await self._token_refresh.renew(holder.account_id, refresher, credentials)
        except NetworkError as error:
            if rejected.may_be_public:
                raise marked(error) from error
            raise

    async def keep(self, holder: Holder) -> None:
        """Renew them if they expire soon, though nobody needs them now. Raises NetworkError."""
        credentials = self._opened(holder)
        refresher = self._refresher(holder, credentials)
        if refresher is not None and _expires(credentials, refresher):
            await self._token_refresh.renew(holder.account_id, refresher, credentials)

    def _opened(self, holder: Holder) -> Credentials:
        if holder.sealed is None:
            if self._is_production:
                raise Refused("The account has no credentials yet.", code="credentials_missing")
            return DEVELOPMENT
        try:
            return self._open(holder.sealed)
        except WrongEncryptionKey as error:
            raise unreadable(holder.account_id, error) from error

    def _refresher(self, holder: Holder, credentials: Credentials) -> TokenRefresher | None:
        refresher = self._refreshers.get(holder.platform)
        return refresher if refresher is not None and refresher.can_renew(credentials) else None

    async def _in_time(
        self, holder: Holder, refresher: TokenRefresher, credentials: Credentials
    ) -> Credentials:
        """Until they have expired, a failed renewal does no harm."""
        if not _expires(credentials, refresher):
            return credentials
        try:
            return await self._token_refresh.renew(holder.account_id, refresher, credentials)
        except NetworkError as error:
            expiry = expires_at(credentials)
            if expiry is not None and expiry <= utcnow():
                raise
            logger.info("account %s: the access token is not renewed yet: %s", holder.account_id, error)
            return credentials


async def renew_due(database: Database, keyring: Keyring) -> int:
    """Renew what is due, at most RENEWED_AT_ONCE; how many accounts were looked at. What fails is tried again later."""
    async with database.read_raw() as connection:
        holders = [
            Holder(row["id"], row["platform"], row["credentials"])
            for row in await connection.fetch(_DUE, RENEWED_AT_ONCE)
        ]
    slots = asyncio.Semaphore(RENEWALS_AT_A_TIME)

    async def one(holder: Holder) -> None:
        async with slots:
            await _keep(database, keyring, holder)

    await asyncio.gather(*map(one, holders))
    return len(holders)


def _expires(credentials: Credentials, refresher: TokenRefresher) -> bool:
    expiry = expires_at(credentials)
    return expiry is not None and expiry - refresher.early <= utcnow()


async def _keep(database: Database, keyring: Keyring, holder: Holder) -> None:
    kept = await _is_kept(keyring, holder)
    async with database.session() as session:
        connection = await driver(session)
        if kept:
            await connection.execute(_FORGET, holder.account_id, holder.sealed)
        else:
            await connection.execute(_LATER, holder.account_id, holder.sealed, RETRY_AFTER)


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
