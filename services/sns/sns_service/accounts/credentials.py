"""What each network asks for before it lets us publish, and how that is kept: encrypted, and never shown again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson
from pydantic import ValidationError

from shared.encryption import Cipher, WrongEncryptionKey
from shared.errors import FieldError
from shared.runtime import Runtime
from shared.schemas.dates import Timestamp
from shared.schemas.types import StrictRequest, Url
from shared.service import Command
from sns_service.accounts.errors import WrongCredentials
from sns_service.accounts.rewriting import rewrite
from sns_service.accounts.secrets import Password, Token, UserId, UserName


class BlogCredentials(StrictRequest):
    """A WordPress user with an application password; `site_url` is the site's address."""

    username: UserName
    application_password: Password
    site_url: Url | None = None


class InstagramCredentials(StrictRequest):
    """A long-lived token, and the professional account's id. With `expires_at` the token is renewed in time."""

    access_token: Token
    user_id: UserId
    expires_at: Timestamp | None = None


class TokenCredentials(StrictRequest):
    """An OAuth token with the right to publish. With `refresh_token` it is renewed in time, or when rejected."""

    access_token: Token
    refresh_token: Token | None = None
    expires_at: Timestamp | None = None


KINDS: Final[Mapping[str, type[StrictRequest]]] = {
    "blog": BlogCredentials,
    "instagram": InstagramCredentials,
    "tiktok": TokenCredentials,
    "youtube_shorts": TokenCredentials,
    "twitter": TokenCredentials,
}


def check(platform: str, given: Mapping[str, str]) -> dict[str, str]:
    """What a user gave, as it is kept. Raises WrongCredentials (422), which repeats no value."""
    try:
        checked = KINDS[platform].model_validate(given)
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


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many accounts' credentials are encrypted by the first key, and the ids of those that no key opens."""

    count: int
    unreadable: list[int]


async def rotate(runtime: Runtime) -> Rotated:
    """Encrypt every account's credentials by the first of CREDENTIAL_KEYS. What none of them opens stays as it is.

    May run while the service does, and again after it was interrupted.
    """
    cipher, unreadable = Cipher(runtime.settings.fernet_keys), list[int]()

    def change(account_id: int, sealed: str) -> Mapping[str, str] | None:
        try:
            return {"credentials": cipher.rotate(sealed)}
        except WrongEncryptionKey:
            unreadable.append(account_id)
            return None

    return Rotated(await rewrite(runtime.database, change), unreadable)


async def _rotate(_arguments: argparse.Namespace, runtime: Runtime) -> int:
    done = await rotate(runtime)
    sys.stdout.write(f"{done.count} accounts' credentials are now encrypted with the first key.\n")
    if not done.unreadable:
        return 0
    sys.stderr.write(
        f"{len(done.unreadable)} accounts' credentials cannot be decrypted with any of CREDENTIAL_KEYS:"
        f" {', '.join(map(str, done.unreadable))}\n"
        "Keep every key that is in use now. Append the key that these were encrypted with, and run this again;"
        " if it is lost, their owners must enter their credentials again.\n"
    )
    return 1


rotate_command = Command(
    "rotate-credentials", "encrypt all credentials with the first of CREDENTIAL_KEYS", _rotate
)
