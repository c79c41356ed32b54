"""Credentials as users give them, as they are kept, encrypted and never shown again, and as networks renew them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import orjson
from pydantic import ValidationError

from shared.encryption import Cipher
from shared.errors import FieldError
from sns_service.accounts.errors import WrongCredentials
from sns_service.networks.network import Tokens
from sns_service.networks.registry import network_named

REFUSED: Final = "refused"
"""Why the network no longer renews these; without it each post would ask again."""


def check(platform: str, given: Mapping[str, str]) -> dict[str, str]:
    """What a user gave, as it is kept. Raises WrongCredentials (422), which repeats no value."""
    try:
        checked = network_named(platform).credentials.model_validate(given)
    except ValidationError as error:
        raise WrongCredentials(
            [
                FieldError(".".join(map(str, ("credentials", *item["loc"]))), item["msg"])
                for item in error.errors(include_url=False, include_input=False)
            ]
        ) from None
    return checked.model_dump(mode="json", exclude_none=True)


def seal(cipher: Cipher, credentials: Mapping[str, str]) -> str:
    """The credentials, encrypted."""
    return cipher.encrypt(orjson.dumps(credentials).decode())


def unseal(cipher: Cipher, sealed: str) -> dict[str, str]:
    """What `seal` encrypted. Raises WrongEncryptionKey."""
    opened: dict[str, str] = orjson.loads(cipher.decrypt(sealed))
    return opened


def expires_at(credentials: Mapping[str, str]) -> datetime | None:
    """When the access token expires, where that is known."""
    return datetime.fromisoformat(credentials["expires_at"]) if "expires_at" in credentials else None


def grant(credentials: Mapping[str, str]) -> str:
    """What new access is had for. While an account has the same one, it has the same credentials."""
    return credentials.get("refresh_token") or credentials.get("access_token", "")


def renewed(credentials: Mapping[str, str], tokens: Tokens, now: datetime) -> dict[str, str]:
    """The credentials with what the network gave; a refresh token that it did not replace stays."""
    fresh = {name: value for name, value in credentials.items() if name not in {"expires_at", REFUSED}}
    fresh["access_token"] = tokens.access_token
    if tokens.refresh_token is not None:
        fresh["refresh_token"] = tokens.refresh_token
    if tokens.expires_in is not None:
        fresh["expires_at"] = (now + timedelta(seconds=tokens.expires_in)).isoformat()
    return fresh


def renew_at(platform: str, credentials: Mapping[str, str]) -> datetime | None:
    """When they must be renewed even if they are not used; None if that can be done later, or no longer."""
    expiry, early = expires_at(credentials), network_named(platform).refresh_unused
    if early is None or expiry is None or REFUSED in credentials:
        return None
    return expiry - early
