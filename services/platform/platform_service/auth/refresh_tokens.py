"""Refresh tokens: `<session id>.<secret>.<tag>`, and what becomes of one that is presented; no database."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from platform_service.auth.errors import InvalidRefreshToken

SECRET_BYTES = 32


class Verdict(Enum):
    """What becomes of a token of a session that is open."""

    EXCHANGED = auto()
    """It is the newest: it gets a successor."""
    REPEATED = auto()
    """It is the one before, and its answer may have got lost: it gets the same successor again."""
    REUSED = auto()
    """It was used, and answered: another party has it too."""
    UNKNOWN = auto()
    """It was never issued."""


class Family(Protocol):
    """What is known of a session's tokens; see models.SessionRow."""

    @property
    def family(self) -> str: ...
    @property
    def current_hash(self) -> str: ...
    @property
    def previous_hash(self) -> str | None: ...
    @property
    def answered_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A refresh token, taken apart."""

    session_id: str
    secret: bytes
    tag: str

    @property
    def hash(self) -> str:
        """What is stored in place of the secret, which is random and long: one round will do."""
        return digest(self.secret)


def judge(token: PresentedToken, known: Family, *, now: datetime, grace: timedelta) -> Verdict:
    """What becomes of the token at `now`.

    A token is used once its successor was handed over, and may be repeated until `grace` after that. An exchange
    whose answer was never sent, because of an outage, uses up nothing.
    """
    if token.hash == known.current_hash:
        return Verdict.EXCHANGED
    if token.hash == known.previous_hash and (known.answered_at is None or now - known.answered_at <= grace):
        return Verdict.REPEATED
    genuine = hmac.compare_digest(token.tag.encode(), tag(known.family, token.hash).encode())
    return Verdict.REUSED if genuine else Verdict.UNKNOWN


def new_secret() -> bytes:
    """What makes a token worth something."""
    return secrets.token_bytes(SECRET_BYTES)


def join(session_id: str, secret: bytes, family: str) -> str:
    """The token as the client keeps it."""
    return f"{session_id}.{secret.hex()}.{tag(family, digest(secret))}"


def split(refresh_token: str) -> PresentedToken:
    """The token's parts. Raises InvalidRefreshToken for what cannot be one of ours."""
    session_id, _, rest = refresh_token.partition(".")
    secret, _, found_tag = rest.partition(".")
    try:
        raw = bytes.fromhex(secret)
        bytes.fromhex(session_id)
    except ValueError as error:
        raise InvalidRefreshToken from error
    if len(session_id) != 32 or len(raw) != SECRET_BYTES:
        raise InvalidRefreshToken
    return PresentedToken(session_id, raw, found_tag)


def digest(secret: bytes) -> str:
    """The hash of a secret."""
    return hashlib.sha256(secret).hexdigest()


def tag(family: str, hash_: str) -> str:
    """Tells a token that was once issued from one that was made up, so that nobody ends a session with a guess.

    SHA-1 as the tokens of the release before have it; `hash_` has one length, so nothing can be appended to it.
    """
    return hashlib.sha1(f"{family}{hash_}".encode()).hexdigest()[:20]  # noqa: S324


def wrap(successor: bytes, secret: bytes) -> bytes:
    """Wrap a successor with its predecessor, or unwrap it: a one-time pad, since each secret wraps one successor."""
    pad = hmac.digest(secret, b"successor", "sha256")
    return bytes(left ^ right for left, right in zip(successor, pad, strict=True))
