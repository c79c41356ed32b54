"""The format of refresh tokens: `<session id>.<secret>.<tag>`, see `sessions`."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from platform_service.auth.errors import InvalidRefreshToken

SECRET_BYTES = 32


def new_secret() -> bytes:
    """What makes a token worth something."""
    return secrets.token_bytes(SECRET_BYTES)


def join(session_id: str, secret: bytes, tag: str) -> str:
    """The token as the client keeps it."""
    return f"{session_id}.{secret.hex()}.{tag}"


def split(refresh_token: str) -> tuple[str, bytes, str]:
    """Session id, secret and tag. Raises InvalidRefreshToken for what cannot be one of ours."""
    session_id, _, rest = refresh_token.partition(".")
    secret, _, tag = rest.partition(".")
    try:
        raw = bytes.fromhex(secret)
        bytes.fromhex(session_id)
    except ValueError as error:
        raise InvalidRefreshToken from error
    if len(session_id) != 32 or len(raw) != SECRET_BYTES:
        raise InvalidRefreshToken
    return session_id, raw, tag


def digest(secret: bytes) -> str:
    """What Redis holds in place of the secret, which is random and long: one round will do."""
    return hashlib.sha256(secret).hexdigest()


def wrap(successor: bytes, secret: bytes) -> bytes:
    """Wrap a successor with its predecessor, or unwrap it: a one-time pad, since each secret wraps one successor."""
    pad = hmac.digest(secret, b"successor", "sha256")
    return bytes(left ^ right for left, right in zip(successor, pad, strict=True))
