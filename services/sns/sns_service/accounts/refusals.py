"""`python -m sns_service forget-refusals NETWORK`: after it was our client id that the network did not know."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any, get_args

from shared.encryption import Cipher, WrongEncryptionKey
from shared.runtime import Runtime
from shared.service import Command
from sns_service.accounts.credentials import seal, unseal
from sns_service.accounts.models import Account
from sns_service.accounts.platforms import Platform
from sns_service.accounts.renewal import REFUSED, renew_at
from sns_service.accounts.rewriting import rewrite


async def forget_refusals(runtime: Runtime, platform: str) -> int:
    """Let accounts of this network whose renewal was refused ask once more; how many."""
    cipher = Cipher(runtime.settings.fernet_keys)

    def change(_account_id: int, sealed: str) -> Mapping[str, Any] | None:
        try:
            credentials = unseal(cipher, sealed)
        except WrongEncryptionKey:
            return None
        if credentials.pop(REFUSED, None) is None:
            return None
        return {"credentials": seal(cipher, credentials), "renew_at": renew_at(platform, credentials)}

    return await rewrite(runtime.database, change, Account.platform == platform)


async def _run(arguments: argparse.Namespace, runtime: Runtime) -> None:
    count = await forget_refusals(runtime, arguments.network)
    sys.stdout.write(f"{count} accounts of {arguments.network} may renew their access tokens again.\n")


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("network", choices=[name for name in get_args(Platform) if name != "blog"])


refusals_command = Command(
    "forget-refusals", "let accounts renew their access tokens after a network refused", _run, _configure
)
