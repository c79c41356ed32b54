"""review's own commands."""

from __future__ import annotations

import argparse
import sys

import httpx

from review_service.account_deletion import erase_user
from review_service.resources import SERVICE
from review_service.users import service as users
from shared.auth.platform_client import PlatformClient
from shared.runtime import Runtime
from shared.service import Command


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["rebuild"], help="fetch all users from platform again")


async def _rebuild(_arguments: argparse.Namespace, runtime: Runtime) -> int:
    try:
        changed, gone = await users.take_all(
            runtime.database, PlatformClient.of(runtime.http, runtime.settings, service=SERVICE)
        )
    except httpx.HTTPError as error:
        sys.stderr.write(f"platform does not answer at {runtime.settings.platform_url}: {error!r}\n")
        return 1
    async with runtime.database.session() as session:
        await erase_user(session, cache=runtime.cache, user_ids=gone)
    sys.stdout.write(f"{changed} users were added or updated from platform, and {len(gone)} were removed.\n")
    return 0


USERS = Command("users", "rebuild the copy of platform's users", _rebuild, configure=_configure)
