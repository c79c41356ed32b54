"""One user's right to use one product, and the table `entitlements` in which each service keeps its copy of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import BigInteger, DateTime, String, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shared.schemas.dates import utcnow

if TYPE_CHECKING:
    from sqlalchemy import Table


@dataclass(frozen=True, slots=True)
class Entitlement:
    """`valid_until` None means without an end; `customer` is the payment provider's id of the user."""

    user_id: int
    product: str
    active: bool
    valid_until: datetime | None
    customer: str | None
    version: int

    def holds(self) -> bool:
        """Whether it is good at this moment."""
        return self.active and (self.valid_until is None or self.valid_until > utcnow())


entitlement_list = TypeAdapter(list[Entitlement])


def encode(entitlement: Entitlement | None) -> bytes:
    """For the cache, where b"null" says that there is none."""
    return orjson.dumps(entitlement)


def decode(content: bytes) -> Entitlement | None:
    """What `encode` made, without checking it again: this is read in every request that needs a subscription."""
    fields = orjson.loads(content)
    if fields is None:
        return None
    if fields["valid_until"] is not None:
        fields["valid_until"] = datetime.fromisoformat(fields["valid_until"])
    return Entitlement(**fields)


COLUMNS = ("user_id", "product", "active", "valid_until", "customer", "version")


class EntitlementMixin:
    """The columns. `version` grows with each change of a user's product, so an older answer never wins."""

    __tablename__ = "entitlements"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    product: Mapped[str] = mapped_column(String(50), primary_key=True)
    active: Mapped[bool]
    valid_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    customer: Mapped[str | None] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(BigInteger)


def table_of(model: type[EntitlementMixin]) -> Table:
    """The Core table of a service's model."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # declared where the mixin meets the service's Base
    return table


async def store(session: AsyncSession, table: Table, entitlements: Sequence[Entitlement]) -> int:
    """Insert those that are new or newer than what is there. How many were."""
    if not entitlements:
        return 0
    # one order everywhere, so that two that store the same users never wait for each other in a circle
    rows: list[dict[str, Any]] = sorted(
        map(asdict, entitlements), key=lambda row: (row["user_id"], row["product"])
    )
    statement = insert(table).values(rows)
    newer = statement.on_conflict_do_update(
        index_elements=["user_id", "product"],
        set_={name: statement.excluded[name] for name in COLUMNS[2:]},
        where=table.c.version < statement.excluded.version,
    )
    stored = await session.execute(newer.returning(table.c.user_id))
    return len(stored.all())


async def load(connection: AsyncConnection, table: Table, user_id: int, product: str) -> Entitlement | None:
    columns = [table.c[name] for name in COLUMNS]
    row = await connection.execute(
        select(*columns).where(table.c.user_id == user_id, table.c.product == product)
    )
    found = row.one_or_none()
    return None if found is None else Entitlement(*found)


async def remove(session: AsyncSession, table: Table, user_id: int) -> None:
    await session.execute(delete(table).where(table.c.user_id == user_id))
