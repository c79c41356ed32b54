"""Becoming a chef, and changing one's profile."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.chefs.errors import AlreadyAChef, HoursReversed, NotAChef, PriceTooFine
from coocook_service.chefs.models import ALL_CHEFS, Chef, chef_tag
from shared.cache import Cache
from shared.db.constraints import translate
from shared.schemas.money import is_chargeable


async def register(session: AsyncSession, *, cache: Cache, user_id: int, profile: Mapping[str, Any]) -> Chef:
    """Make the user a chef. Raises AlreadyAChef, HoursReversed or PriceTooFine."""
    chef = Chef(user_id=user_id, **profile)
    _check(chef)
    session.add(chef)
    with translate({"uq_chefs_user_id": AlreadyAChef}):
        await session.flush()
    cache.invalidate_after_commit(session, ALL_CHEFS, chef_tag(chef.id))
    return chef


async def change(session: AsyncSession, *, cache: Cache, user_id: int, changes: Mapping[str, Any]) -> Chef:
    """Change the user's own profile; bookings keep what was agreed. Raises NotAChef, and as `register`."""
    chef = await own(session, user_id=user_id, lock=True)
    for name, value in changes.items():
        setattr(chef, name, value)
    _check(chef)
    await session.flush()
    await session.refresh(chef)  # the rating is computed, so an UPDATE leaves it unknown here
    cache.invalidate_after_commit(session, ALL_CHEFS, chef_tag(chef.id))
    return chef


async def own(session: AsyncSession, *, user_id: int, lock: bool = False) -> Chef:
    """The chef that the user is, active or not. Raises NotAChef."""
    query = select(Chef).where(Chef.user_id == user_id)
    chef = await session.scalar(query.with_for_update(key_share=True) if lock else query)
    if chef is None:
        raise NotAChef
    return chef


def check_profile(*, price: Decimal, currency: str, opens_hour: int, closes_hour: int) -> None:
    """What no single field can tell. Raises HoursReversed or PriceTooFine."""
    if opens_hour >= closes_hour:
        raise HoursReversed
    if not is_chargeable(price, currency):
        raise PriceTooFine(currency)


def _check(chef: Chef) -> None:
    check_profile(
        price=chef.price_per_session,
        currency=chef.currency,
        opens_hour=chef.opens_hour,
        closes_hour=chef.closes_hour,
    )
