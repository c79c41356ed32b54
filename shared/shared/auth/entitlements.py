"""Each service's own copy of the users' subscriptions: kept up to date by events, usable while platform is down."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import ClassVar, Final

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from shared.admission import release_permit
from shared.auth import entitlement_table
from shared.auth.entitlement_table import Entitlement, EntitlementMixin, decode, encode
from shared.auth.platform_client import PlatformClient
from shared.cache import Cache
from shared.db.database import Database
from shared.events.consumer import Consumer
from shared.events.event import Envelope, Event

__all__ = ["EntitlementChanged", "EntitlementMixin", "Entitlements", "keep_entitlements"]

logger = logging.getLogger(__name__)

PLATFORM: Final = "platform"
ASK_SECONDS: Final = 1.0
MEMORY_SECONDS: Final = 60.0
REDIS_SECONDS: Final = 600.0
SNAPSHOT_ROWS: Final = 500


class EntitlementChanged(Event):
    """What a copy reads of it. `version` grows with each change of a user's product."""

    type: ClassVar[str] = "entitlement.changed"

    user_id: int
    product: str
    active: bool
    valid_until: datetime | None
    customer: str | None
    version: int


class Entitlements:
    """The copy of one service; `table` is its own."""

    def __init__(
        self, table: type[EntitlementMixin], database: Database, cache: Cache, platform: PlatformClient
    ) -> None:
        self._database = database
        self._cache = cache
        self._table = entitlement_table.table_of(table)
        self._platform = platform
        self._asking: dict[int, asyncio.Task[None]] = {}

    async def check(self, user_id: int, product: str) -> Entitlement | None:
        """The user's entitlement to the product, if it is valid now.

        Once cached, this is one look-up in memory. Where the copy says no, platform is asked once, for at most a
        second, so that users who have just paid are let in; without an answer it stays a no.
        """
        found = await self._known(user_id, product)
        if found is not None and found.holds():
            return found
        await self._ask_once(user_id)
        found = await self._known(user_id, product)
        return found if found is not None and found.holds() else None

    async def apply(self, session: AsyncSession, change: Entitlement) -> bool:
        """Take over a change in the handler's transaction. False when something newer was known already."""
        stored = await entitlement_table.store(session, self._table, [change])
        self._cache.invalidate_after_commit(session, _tag(change.user_id))
        return stored > 0

    async def forget(self, session: AsyncSession, user_id: int) -> None:
        """Remove a deleted user's entitlements in the handler's transaction."""
        await entitlement_table.remove(session, self._table, user_id)
        self._cache.invalidate_after_commit(session, _tag(user_id))

    async def rebuild(self) -> int:
        """Fetch everything from platform again. How many rows were new or newer. Raises httpx.HTTPError."""
        changed = 0
        async for items in self._platform.snapshot("entitlements", Entitlement, limit=SNAPSHOT_ROWS):
            changed += await self._store(items)
        return changed

    async def _known(self, user_id: int, product: str) -> Entitlement | None:
        async def load() -> bytes:
            # never a replica: it may not have yet what this process has just stored
            async with self._database.read(fresh=True) as connection:
                return encode(await entitlement_table.load(connection, self._table, user_id, product))

        content = await self._cache.get_or_load(
            f"entitlement:{user_id}:{product}",
            load,
            memory_ttl=MEMORY_SECONDS,
            redis_ttl=REDIS_SECONDS,
            tags=(_tag(user_id),),
            at_first_sight=True,
        )
        return decode(content)

    async def _ask_once(self, user_id: int) -> None:
        """One question about a user at a time; concurrent callers wait for the same answer."""
        task = self._asking.get(user_id)
        if task is None:
            task = asyncio.create_task(self._ask(user_id), name=f"ask platform about user {user_id}")
            self._asking[user_id] = task
            task.add_done_callback(lambda _: self._asking.pop(user_id, None))
        release_permit()
        await asyncio.shield(task)

    async def _ask(self, user_id: int) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                entitlements = await self._platform.entitlements(user_id, seconds=ASK_SECONDS)
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            logger.warning(
                "platform could not be asked about user %d, so access is denied: %r", user_id, error
            )
            return
        await self._store([entitlement for entitlement in entitlements if entitlement.user_id == user_id])

    async def _store(self, entitlements: list[Entitlement]) -> int:
        async with self._database.session() as session:
            stored = await entitlement_table.store(session, self._table, entitlements)
            # Also when nothing was new: the row may have come by an event whose announcement this process missed.
            if stored or any(entitlement.holds() for entitlement in entitlements):
                users = {entitlement.user_id for entitlement in entitlements}
                self._cache.invalidate_after_commit(session, *map(_tag, users))
        return stored


def keep_entitlements(consumer: Consumer, entitlements: Entitlements) -> None:
    """Register the handler that keeps the copy up to date."""

    @consumer.on(EntitlementChanged, source=PLATFORM)
    async def entitlement_changed(session: AsyncSession, event: EntitlementChanged, _: Envelope) -> None:
        await entitlements.apply(session, Entitlement(**event.model_dump()))


def _tag(user_id: int) -> str:
    return f"entitlements:{user_id}"
