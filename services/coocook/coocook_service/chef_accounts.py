"""Chefs follow their accounts: whom an administrator of platform has deactivated is neither shown nor booked.

Nobody of a deactivated account can log in and cook, so what was booked is canceled and refunded, by a job.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings.changes import cancel_all
from coocook_service.bookings.models import Booking
from coocook_service.bookings.refunds import request_refunds
from coocook_service.chefs.models import ALL_CHEFS, Chef, chef_tag
from coocook_service.resources import SERVICE
from shared.auth.platform_client import PlatformClient
from shared.cache import Cache
from shared.db.database import Database
from shared.jobs import enqueue
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from shared.service import Command

CHEF_UNAVAILABLE_JOB: Final = "bookings.cancel_of_unavailable_chef"
ACCOUNTS_AT_A_TIME: Final = 500
"""Of platform's snapshot, in one answer."""
BOOKINGS_AT_A_TIME: Final = 50
"""That one transaction cancels."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is read of platform's users. `version` counts the changes of a user."""

    user_id: int
    is_active: bool
    version: int


async def apply_account(session: AsyncSession, cache: Cache, account: Account) -> bool:
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


async def cancel_of_unavailable_chef(database: Database, *, chef_id: int) -> None:
    """Cancel, with refunds, what a chef with a deactivated account was still to cook; in small transactions.

    Done twice it cancels once. A chef whose account is active again meanwhile keeps what is left.
    """
    while True:
        async with database.session() as session:
            chef = await session.get_one(Chef, chef_id, with_for_update={"read": True})
            bookings = [] if chef.account_active else await _upcoming(session, chef_id)
            await cancel_all(session, bookings, reason="chef_unavailable")
            await request_refunds(session, booking_ids=[booking.id for booking in bookings])
        if len(bookings) < BOOKINGS_AT_A_TIME:
            return


async def _upcoming(session: AsyncSession, chef_id: int) -> Sequence[Booking]:
    query = (
        select(Booking)
        .where(
            Booking.chef_id == chef_id,
            Booking.status.in_(("pending", "confirmed")),
            func.lower(Booking.period) > utcnow(),
        )
        .order_by(Booking.id)
        .limit(BOOKINGS_AT_A_TIME)
        .with_for_update(key_share=True)
    )
    return (await session.scalars(query)).all()


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["rebuild"], help="fetch all users from platform again")


async def _rebuild(_arguments: argparse.Namespace, runtime: Runtime) -> int:
    updated = 0
    try:
        async for found in PlatformClient.of(runtime.http, runtime.settings, service=SERVICE).snapshot(
            "users", Account, limit=ACCOUNTS_AT_A_TIME
        ):
            for account in found:
                async with runtime.database.session() as session:
                    updated += await apply_account(session, runtime.cache, account)
    except httpx.HTTPError as error:
        sys.stderr.write(f"platform does not answer at {runtime.settings.platform_url}: {error!r}\n")
        return 1
    sys.stdout.write(f"{updated} chefs' accounts were updated from platform.\n")
    return 0


ACCOUNTS: Final = Command(
    "accounts", "refresh the copy of chefs' accounts from platform", _rebuild, configure=_configure
)
