"""`python -m sns_service forget-refusals NETWORK`: after it was our client id that the network did not know."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final, get_args

from sqlalchemy import select, update

from shared.encryption import Cipher, WrongEncryptionKey
from shared.runtime import Runtime
from shared.service import Command
from sns_service.accounts.credentials import seal, unseal
from sns_service.accounts.models import Account
from sns_service.accounts.renewal import REFUSED, renew_at
from sns_service.accounts.schemas import Platform

BATCH: Final = 500


async def forget_refusals(runtime: Runtime, platform: str) -> int:
    """Let accounts of this network whose renewal was refused ask once more; how many."""
    cipher, after, count = Cipher(runtime.settings.fernet_keys), 0, 0
    while True:
        async with runtime.database.session() as session:
            query = select(Account.id, Account.credentials).where(
                Account.platform == platform, Account.id > after, Account.credentials.is_not(None)
            )
            rows = (await session.execute(query.order_by(Account.id).limit(BATCH).with_for_update())).all()
            if not rows:
                return count
            changed = [
                {"id": row.id, **fresh}
                for row in rows
                if (fresh := _without_refusal(cipher, platform, row.credentials))
            ]
            if changed:
                await session.execute(update(Account), changed)
        after, count = rows[-1].id, count + len(changed)


def _without_refusal(cipher: Cipher, platform: str, sealed: str) -> dict[str, Any] | None:
    """What to write; None: there was none, or no key of ours opens them."""
    try:
        credentials = unseal(cipher, sealed)
    except WrongEncryptionKey:
        return None
    if credentials.pop(REFUSED, None) is None:
        return None
    return {"credentials": seal(cipher, credentials), "renew_at": renew_at(platform, credentials)}


async def _run(arguments: argparse.Namespace, runtime: Runtime) -> None:
    count = await forget_refusals(runtime, arguments.network)
    sys.stdout.write(f"{count} accounts of {arguments.network} may ask for new access again.\n")


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("network", choices=[name for name in get_args(Platform) if name != "blog"])


refusals_command = Command(
    "forget-refusals", "have accounts ask a network again that refused them new access", _run, _configure
)
