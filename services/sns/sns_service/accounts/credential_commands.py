"""Commands that change all accounts' credentials, a few in each transaction, while the service runs.

`rotate-credentials`: after a new key. `forget-refusals NETWORK`: after it was our client id that the network did not
know.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, select, update

from shared.db.database import Database
from shared.encryption import Cipher, WrongEncryptionKey
from shared.runtime import Runtime
from shared.service import Command
from sns_service.accounts.credentials import REFUSED, renew_at, seal, unseal
from sns_service.accounts.models import Account
from sns_service.networks.registry import NETWORKS

BATCH: Final = 500
Change = Callable[[int, str], Mapping[str, Any] | None]
"""Of an account's id and sealed credentials: the values to write, if any."""


async def rewrite(database: Database, change: Change, *conditions: ColumnElement[bool]) -> int:
    """Write what `change` says of each account that has credentials and fits; how many. May be done again."""
    after, count = 0, 0
    while True:
        async with database.session() as session:
            query = select(Account.id, Account.credentials).where(
                Account.id > after, Account.credentials.is_not(None), *conditions
            )
            rows = (await session.execute(query.order_by(Account.id).limit(BATCH).with_for_update())).all()
            if not rows:
                return count
            changed = [
                {"id": row.id, **values} for row in rows if (values := change(row.id, row.credentials))
            ]
            if changed:
                await session.execute(update(Account), changed)
        after, count = rows[-1].id, count + len(changed)


@dataclass(frozen=True, slots=True)
class RotatedCredentials:
    """How many accounts' credentials are encrypted by the first key, and the ids of those that no key opens."""

    count: int
    unreadable: list[int]


async def rotate(database: Database, cipher: Cipher) -> RotatedCredentials:
    """Encrypt every account's credentials by the first of the cipher's keys. What none of them opens stays as it is.

    May run while the service does, and again after it was interrupted.
    """
    unreadable = list[int]()

    def change(account_id: int, sealed: str) -> Mapping[str, str] | None:
        try:
            return {"credentials": cipher.rotate(sealed)}
        except WrongEncryptionKey:
            unreadable.append(account_id)
            return None

    return RotatedCredentials(await rewrite(database, change), unreadable)


async def _rotate(_arguments: argparse.Namespace, runtime: Runtime) -> int:
    done = await rotate(runtime.database, Cipher(runtime.settings.fernet_keys))
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


async def forget_refusals(database: Database, cipher: Cipher, platform: str) -> int:
    """Let accounts of this network whose renewal was refused ask once more; how many."""

    def change(_account_id: int, sealed: str) -> Mapping[str, Any] | None:
        try:
            credentials = unseal(cipher, sealed)
        except WrongEncryptionKey:
            return None
        if credentials.pop(REFUSED, None) is None:
            return None
        return {"credentials": seal(cipher, credentials), "renew_at": renew_at(platform, credentials)}

    return await rewrite(database, change, Account.platform == platform)


async def _forget_refusals(arguments: argparse.Namespace, runtime: Runtime) -> None:
    cipher = Cipher(runtime.settings.fernet_keys)
    count = await forget_refusals(runtime.database, cipher, arguments.network)
    sys.stdout.write(f"{count} accounts of {arguments.network} may renew their access tokens again.\n")


def _configure(parser: argparse.ArgumentParser) -> None:
    refreshed = [network.name for network in NETWORKS if network.token_refresher is not None]
    parser.add_argument("network", choices=refreshed)


refusals_command = Command(
    "forget-refusals",
    "let accounts renew their access tokens after a network refused",
    _forget_refusals,
    _configure,
)
