"""What ai does when platform tells something."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.account_deletion import erase_user
from ai_service.resources import SERVICE, entitlements_of
from ai_service.tables import Inbox
from shared.auth.entitlements import PLATFORM, keep_entitlements
from shared.events.consumer import Consumer
from shared.events.event import Envelope, Event
from shared.runtime import Runtime


class UserDeleted(Event):
    """What ai reads of it."""

    type: ClassVar[str] = "user.deleted"

    user_id: int


def consumer_of(runtime: Runtime) -> Consumer:
    """The handlers of platform's events."""
    consumer = Consumer(SERVICE, inbox=Inbox)
    entitlements = entitlements_of(runtime)

    keep_entitlements(consumer, entitlements)

    @consumer.on(UserDeleted, source=PLATFORM)
    async def user_deleted(session: AsyncSession, event: UserDeleted, _: Envelope) -> None:
        await erase_user(session, cache=runtime.cache, user_id=event.user_id)
        await entitlements.forget(session, event.user_id)

    return consumer
