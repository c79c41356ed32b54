"""Access tokens for tests, by a key that only this process knows."""

from functools import cache
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.auth.keys import StaticKeySource
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


def key_source() -> StaticKeySource:
    """What verifies the tokens of `auth_headers`."""
    return StaticKeySource({KID: private_key()})


def auth_headers(
    user_id: int, role: str = "user", *, sid: str | None = None, lifetime: int = 900
) -> dict[str, str]:
    """The Authorization header of a user. `lifetime` in seconds; below zero for an expired token."""
    token = TokenSigner(KID, private_key()).sign(
        user_id=user_id, session_id=sid or uuid4().hex, role=role, lifetime=lifetime
    )
    return {"Authorization": f"Bearer {token}"}
