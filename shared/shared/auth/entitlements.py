"""Each service's own copy of who has subscribed to what: fed by events, kept when platform is down."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import BigInteger, Boolean, DateTime, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shared.auth.entitlement import Entitlement

if TYPE_CHECKING:
    from shared.runtime import Runtime

logger = logging.getLogger(__name__)


class EntitlementMixin:
    """Columns of a service's table `entitlements`. `version` grows with each change of a user's product."""

    __tablename__ = "entitlements"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    product: Mapped[str] = mapped_column(String(50), primary_key=True)
    active: Mapped[bool] = mapped_column(Boolean)
    valid_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    customer: Mapped[str | None] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(BigInteger)


class EntitlementChange(Protocol):
    """What `apply` reads of the event entitlement.changed."""

    user_id: int
    product: str
    active: bool
    valid_until: datetime | None
    customer: str | None
    version: int


class Entitlements:
    """The copy of one service, `service` being its name as platform knows it."""

    def __init__(self, runtime: "Runtime", table: type[EntitlementMixin], *, service: str) -> None:
        self._runtime = runtime
        self._table = table
        self._service = service

    async def check(self, user_id: int, product: str) -> Entitlement | None:
        raise NotImplementedError

    async def apply(self, session: AsyncSession, event: EntitlementChange) -> bool:
        raise NotImplementedError

    async def forget(self, session: AsyncSession, user_id: int) -> None:
        raise NotImplementedError

    async def rebuild(self) -> int:
        raise NotImplementedError
