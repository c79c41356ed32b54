"""What coocook does when platform tells something."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service import chef_accounts
from coocook_service.account_deletion import erase_user
from coocook_service.chef_accounts import Account
from coocook_service.resources import SERVICE, entitlements_of
from coocook_service.tables import Inbox
from shared.auth.entitlements import PLATFORM, keep_entitlements
from shared.events.consumer import Consumer
from shared.events.event import Envelope, Event
from shared.runtime import Runtime


class UserUpdated(Event):
    """What coocook reads of it. `version` counts the changes of this user."""

    type: ClassVar[str] = "user.updated"

    user_id: int
    is_active: bool
    version: int


class UserDeleted(Event):
    """What coocook reads of it."""

    type: ClassVar[str] = "user.deleted"

    user_id: int


def consumer_of(runtime: Runtime) -> Consumer:
    """The handlers of platform's events."""
    consumer = Consumer(SERVICE, inbox=Inbox)
    entitlements = entitlements_of(runtime)

    keep_entitlements(consumer, entitlements)

    @consumer.on(UserUpdated, source=PLATFORM)
    async def user_updated(session: AsyncSession, event: UserUpdated, _: Envelope) -> None:
        account = Account(event.user_id, event.is_active, event.version)
        await chef_accounts.apply_account(session, runtime.cache, account)

    @consumer.on(UserDeleted, source=PLATFORM)
    async def user_deleted(session: AsyncSession, event: UserDeleted, _: Envelope) -> None:
        await erase_user(session, cache=runtime.cache, user_id=event.user_id)
        await entitlements.forget(session, event.user_id)

    return consumer
