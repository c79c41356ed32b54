"""What renewed access changes about credentials. No database.

Everything that is known of the access stands in the encrypted credentials themselves, so that whoever replaces them, a
release that knows nothing of renewing among them, replaces all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sns_service.networks.exchange import LONG_BEFORE, Tokens

REFUSED: Final = "refused"
"""Why the network no longer renews these; without it each post would ask again."""


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
    expiry = expires_at(credentials)
    if platform != "instagram" or expiry is None or REFUSED in credentials:
        return None
    return expiry - LONG_BEFORE
