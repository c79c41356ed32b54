"""The life of a signing key: published, active, retiring, retired.

A key is published some time before it signs, so that every verifier knows it by then, and stays published after it
stopped signing until the last of its tokens is over. So nobody is logged out by a replacement.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.keys.errors import UnknownKey, WrongKeyStatus
from platform_service.keys.models import SigningKey
from shared.encryption import Cipher
from shared.schemas.dates import utcnow

PUBLISHED = ("published", "active", "retiring")
# Any number, as long as nothing else locks the same one.
LOCK = 7_201_554_109


async def all_keys(session: AsyncSession) -> Sequence[SigningKey]:
    """Every key, the newest first."""
    return (await session.scalars(select(SigningKey).order_by(SigningKey.created_at.desc()))).all()


async def add(session: AsyncSession, *, cipher: Cipher) -> SigningKey:
    """A new key, published and not yet signing."""
    private, public = await asyncio.to_thread(new_pair)
    await _lock(session)
    key = SigningKey(
        kid=f"{utcnow():%Y%m%d}-{secrets.token_hex(4)}",
        private_key=cipher.encrypt(private),
        public_key=public,
        status="published",
    )
    session.add(key)
    await session.flush()
    return key


async def activate(session: AsyncSession, *, kid: str, tokens_over_after: timedelta) -> SigningKey:
    """Let a published key sign from here on; the one that did so retires `tokens_over_after` from now.

    Raises UnknownKey, WrongKeyStatus.
    """
    await _lock(session)
    key = await _key(session, kid, "published")
    now = utcnow()
    current = (await session.scalars(select(SigningKey).where(SigningKey.status == "active"))).one_or_none()
    if current is not None:
        current.status, current.retire_after = "retiring", now + tokens_over_after
        await session.flush()
    key.status, key.activated_at = "active", now
    await session.flush()
    return key


async def retire(session: AsyncSession, *, kid: str, compromised: bool = False) -> SigningKey:
    """Withdraw a key, whose tokens are refused from then on.

    Raises UnknownKey, and WrongKeyStatus for the active key and for one whose tokens may still be good, unless it
    is compromised: then whoever holds one of its access tokens refreshes it and goes on.
    """
    await _lock(session)
    key = await _key(session, kid, "published", "retiring")
    if key.retire_after is not None and key.retire_after > utcnow() and not compromised:
        raise WrongKeyStatus(
            f"Tokens of the key {kid} are valid until {key.retire_after:%Y-%m-%d %H:%M:%S} UTC."
        )
    key.status = "retired"
    await session.flush()
    return key


async def retire_due(session: AsyncSession) -> list[str]:
    """Withdraw every retiring key whose last token is over; their ids."""
    await _lock(session)
    due = select(SigningKey).where(SigningKey.status == "retiring", SigningKey.retire_after <= utcnow())
    keys = (await session.scalars(due)).all()
    for key in keys:
        key.status = "retired"
    return [key.kid for key in keys]


async def ensure_active(session: AsyncSession, *, cipher: Cipher) -> None:
    """Create the first key if there is none; safe from however many processes at once."""
    if await session.scalar(select(SigningKey.kid).where(SigningKey.status == "active")):
        return
    await _lock(session)
    if await session.scalar(select(SigningKey.kid).where(SigningKey.status == "active")) is None:
        key = await add(session, cipher=cipher)
        await activate(session, kid=key.kid, tokens_over_after=timedelta())  # none came before


async def _lock(session: AsyncSession) -> None:
    await session.execute(select(func.pg_advisory_xact_lock(LOCK)))


async def _key(session: AsyncSession, kid: str, *statuses: str) -> SigningKey:
    key = await session.get(SigningKey, kid, populate_existing=True)
    if key is None:
        raise UnknownKey(f"There is no signing key {kid}.")
    if key.status not in statuses:
        raise WrongKeyStatus(
            f"The key {kid} is {key.status}; this step requires a key that is {' or '.join(statuses)}."
        )
    return key


KEY_BITS = 2048


def new_pair() -> tuple[str, str]:
    """A fresh RSA key as PEM: private, public. Takes a tenth of a second of CPU."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
