"""Access tokens for tests, by a key that only this process knows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

from shared.auth.keys import KeySource, StaticKeySource
from shared.auth.tokens import TokenSigner

KID = "test"


@cache
def private_key() -> str:
    """An RSA key as PEM, made once per process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


@cache
def signer() -> TokenSigner:
    """Signs with that key. Kept, since reading a key checks it, which takes far longer than to sign."""
    return TokenSigner(KID, private_key())


@cache
def own_source() -> StaticKeySource:
    """Knows that key, and is kept for the same reason."""
    return StaticKeySource({KID: private_key()})


class TestKeySource:
    """The key of `auth_headers`, beside those of a service that signs tokens itself."""

    __test__ = False  # the name is no reason for pytest to collect it

    def __init__(self, others: KeySource | None) -> None:
        self._others = others

    async def fetch(self) -> Mapping[str, RSAKey]:
        others = {} if self._others is None else await self._others.fetch()
        return {**others, **await own_source().fetch()}

    async def close(self) -> None:
        """What is kept stays open, and what others opened is theirs to close."""


def key_source(others: KeySource | None = None) -> KeySource:
    """What verifies the tokens of `auth_headers`, and those of keys that `others` knows."""
    return TestKeySource(others)


def auth_headers(
    user_id: int, role: str = "user", *, sid: str | None = None, lifetime: int = 900
) -> dict[str, str]:
    """The Authorization header of a user. `lifetime` in seconds; below zero for an expired token."""
    token = signer().sign(user_id=user_id, session_id=sid or uuid4().hex, role=role, lifetime=lifetime)
    return {"Authorization": f"Bearer {token}"}
