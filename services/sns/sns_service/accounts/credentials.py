"""What each network asks for before it lets us publish, and how that is kept: encrypted, and never shown again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Annotated, Final

import orjson
from pydantic import ValidationError
from sqlalchemy import select, update

from shared.encryption import Cipher
from shared.errors import FieldError
from shared.runtime import Runtime
from shared.schemas.body import StrictRequest
from shared.schemas.types import Text, Timestamp, Url
from shared.service import Command
from sns_service.accounts.errors import WrongCredentials
from sns_service.accounts.models import Account

BATCH: Final = 500
Secret = Annotated[str, Text(1, 4096)]


class BlogCredentials(StrictRequest):
    """A WordPress user with an application password; `site_url` is the site's address."""

    username: Annotated[str, Text(1, 120)]
    application_password: Secret
    site_url: Url | None = None


class InstagramCredentials(StrictRequest):
    """A long-lived token, and the professional account's id. With `expires_at` the token is renewed in time."""

    access_token: Secret
    user_id: Annotated[str, Text(1, 64)]
    expires_at: Timestamp | None = None


class TokenCredentials(StrictRequest):
    """An OAuth token with the right to publish. With `refresh_token` it is renewed in time, or when rejected."""

    access_token: Secret
    refresh_token: Secret | None = None
    expires_at: Timestamp | None = None


KINDS: Final[Mapping[str, type[StrictRequest]]] = {
    "blog": BlogCredentials,
    "instagram": InstagramCredentials,
    "tiktok": TokenCredentials,
    "youtube_shorts": TokenCredentials,
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


async def rotate(runtime: Runtime) -> int:
    """Encrypt every account's credentials by the first of CREDENTIAL_KEYS; how many. Raises WrongEncryptionKey.

    May run while the service does, and again after it was interrupted.
    """
    cipher, after, count = Cipher(runtime.settings.fernet_keys), 0, 0
    while True:
        async with runtime.database.session() as session:
            query = select(Account.id, Account.credentials).where(
                Account.id > after, Account.credentials.is_not(None)
            )
            rows = (await session.execute(query.order_by(Account.id).limit(BATCH).with_for_update())).all()
            if not rows:
                return count
            changed = [{"id": row.id, "credentials": cipher.rotate(row.credentials)} for row in rows]
            await session.execute(update(Account), changed)
        after, count = rows[-1].id, count + len(rows)


async def _rotate(_arguments: argparse.Namespace, runtime: Runtime) -> None:
    sys.stdout.write(f"{await rotate(runtime)} accounts' credentials are encrypted by the first key now.\n")


rotate_command = Command(
    "rotate-credentials", "encrypt all credentials by the first of CREDENTIAL_KEYS", _rotate
)
