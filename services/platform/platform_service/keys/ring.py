"""The keys as a running process holds them: read again every few seconds, so that a rotation needs no restart."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from joserfc.jwk import RSAKey
from sqlalchemy import select

from platform_service.keys.errors import NoActiveKey
from platform_service.keys.models import SigningKey
from platform_service.keys.service import PUBLISHED
from shared.auth.keys import public_rsa_key
from shared.auth.tokens import TokenSigner
from shared.db.database import Database
from shared.encryption import Cipher
from shared.outages import is_temporary_or_slow

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishedKeys:
    """What is to be known outside ({kid: public PEM}), and who signs ({kid} and its encrypted private key)."""

    public: Mapping[str, str] = field(default_factory=dict)
    active: tuple[str, str] | None = None


async def read_keys(database: Database) -> PublishedKeys:
    """The keys that are not retired."""
    statement = select(
        SigningKey.kid, SigningKey.public_key, SigningKey.private_key, SigningKey.status
    ).where(SigningKey.status.in_(PUBLISHED))
    async with database.read(fresh=True) as connection:
        rows = (await connection.execute(statement.order_by(SigningKey.created_at))).all()
    active = next(((row.kid, row.private_key) for row in rows if row.status == "active"), None)
    return PublishedKeys({row.kid: row.public_key for row in rows}, active)


class DatabaseKeySource:
    """Where platform's own verifier gets its keys: from its database instead of from itself by HTTP."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self) -> Mapping[str, RSAKey]:
        return {kid: public_rsa_key(pem) for kid, pem in (await read_keys(self._database)).public.items()}

    async def close(self) -> None:
        """The database is closed by the code that opened it."""


class SigningRing:
    """The active key and the published ones, at most `max_age` seconds old; older while the database is down."""

    def __init__(
        self,
        database: Database,
        *,
        cipher: Cipher,
        issuer: str,
        audience: str,
        lifetime: timedelta,
        max_age: float = 2.0,
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._max_age = max_age
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._keys = PublishedKeys()
        self._signer: TokenSigner | None = None

    async def signer(self) -> TokenSigner:
        """The key that signs now. Raises NoActiveKey (503)."""
        await self._refresh()
        if self._keys.active is None:
            raise NoActiveKey(retry_after=2)
        kid, private = self._keys.active
        if self._signer is None or self._signer.kid != kid:
            pem = self._cipher.decrypt(private)
            self._signer = TokenSigner(
                kid, pem, issuer=self._issuer, audience=self._audience, lifetime=self._lifetime
            )
        return self._signer

    async def public(self) -> Mapping[str, str]:
        """{kid: public PEM}, as every verifier should know them."""
        await self._refresh()
        return self._keys.public

    async def _refresh(self) -> None:
        if self._is_fresh() or (self._reading.locked() and self._keys.public):
            return
        async with self._reading:
            if not self._is_fresh():
                await self._read()

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._read_at < self._max_age

    async def _read(self) -> None:
        try:
            self._keys = await read_keys(self._database)
        except Exception as error:
            if not self._keys.public or not is_temporary_or_slow(error):
                raise
            logger.warning(
                "signing keys could not be read; the known keys stay in use: %s", type(error).__name__
            )
        self._read_at = time.monotonic()
