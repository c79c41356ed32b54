"""Chefs follow their accounts: whom an administrator of platform has deactivated is neither shown nor booked.

Nobody of a deactivated account can log in and cook, so what was booked is canceled and refunded, by a job.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Final

import httpx
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings.cancellation import CHEF_UNAVAILABLE_JOB
from coocook_service.chefs.models import Chef
from coocook_service.chefs.tags import ALL_CHEFS, chef_tag
from coocook_service.resources import SERVICE
from shared.auth.platform_client import PlatformClient
from shared.cache import Cache
from shared.jobs import enqueue
from shared.runtime import Runtime
from shared.service import Command

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Account:
    """What is read of platform's users. `version` counts the changes of a user."""

    user_id: int
    is_active: bool
    version: int


async def follow(session: AsyncSession, cache: Cache, account: Account) -> bool:
    """Take over what platform says of a user; whether it was news about a chef. What is older changes nothing."""
    statement = (
        update(Chef)
        .where(Chef.user_id == account.user_id, Chef.account_version < account.version)
        .values(account_active=account.is_active, account_version=account.version)
        .returning(Chef.id)
    )
    chef_id = (await session.scalars(statement)).one_or_none()
    if chef_id is None:
        return False
    cache.invalidate_after_commit(session, ALL_CHEFS, chef_tag(chef_id))
    if not account.is_active:
        await enqueue(session, CHEF_UNAVAILABLE_JOB, {"chef_id": chef_id})
    return True


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["rebuild"], help="fetch all users from platform again")


async def _rebuild(_arguments: argparse.Namespace, runtime: Runtime) -> int:
    news = 0
    try:
        async for found in PlatformClient.of(runtime.http, runtime.settings, service=SERVICE).snapshot(
            "users", Account, limit=PAGE
        ):
            for account in found:
                async with runtime.database.session() as session:
                    news += await follow(session, runtime.cache, account)
    except httpx.HTTPError as error:
        sys.stderr.write(f"platform does not answer at {runtime.settings.platform_url}: {error!r}\n")
        return 1
    sys.stdout.write(f"{news} chefs' accounts were updated from platform.\n")
    return 0


ACCOUNTS: Final = Command(
    "accounts", "refresh the copy of chefs' accounts from platform", _rebuild, configure=_configure
)
