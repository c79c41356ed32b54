"""What review does when platform tells something."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from review_service import users
from review_service.account_deletion import erase_user
from review_service.campaigns.service import close_of_creators
from review_service.resources import SERVICE, entitlements_of
from review_service.tables import Inbox
from review_service.users import KnownUser
from shared.auth.entitlements import PLATFORM, keep_entitlements
from shared.events.consumer import Consumer
from shared.events.event import Envelope, Event
from shared.runtime import Runtime


class UserChange(Event):
    """What review reads of an account that was made or changed."""

    user_id: int
    email: str
    name: str
    version: int

    def known(self) -> KnownUser:
        """As the copy holds it."""
        return KnownUser(self.user_id, self.name, self.email, self.version)


class UserRegistered(UserChange):
    """An account was created."""

    type: ClassVar[str] = "user.registered"


class UserUpdated(UserChange):
    """Its name, address or state changed."""

    type: ClassVar[str] = "user.updated"

    is_active: bool = True


class UserDeleted(Event):
    """What review reads of it."""

    type: ClassVar[str] = "user.deleted"

    user_id: int


def consumer_of(runtime: Runtime) -> Consumer:
    """The handlers of platform's events."""
    consumer = Consumer(SERVICE, inbox=Inbox)
    entitlements = entitlements_of(runtime)

    keep_entitlements(consumer, entitlements)

    @consumer.on(UserRegistered, source=PLATFORM)
    async def user_registered(session: AsyncSession, event: UserRegistered, _: Envelope) -> None:
        await users.store(session, [event.known()])

    @consumer.on(UserUpdated, source=PLATFORM)
    async def user_updated(session: AsyncSession, event: UserUpdated, _: Envelope) -> None:
        if await users.store(session, [event.known()]) and not event.is_active:
            await close_of_creators(session, runtime.cache, [event.user_id])

    @consumer.on(UserDeleted, source=PLATFORM)
    async def user_deleted(session: AsyncSession, event: UserDeleted, _: Envelope) -> None:
        await erase_user(session, cache=runtime.cache, user_ids=[event.user_id])
        await entitlements.forget(session, event.user_id)

    return consumer
