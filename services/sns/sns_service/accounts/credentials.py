"""Credentials as users give them, and as they are kept: encrypted, and never shown again."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from pydantic import ValidationError

from shared.encryption import Cipher
from shared.errors import FieldError
from sns_service.accounts.errors import WrongCredentials
from sns_service.networks.registry import network_named


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
