"""What other services ask to fill or to rebuild their copies: nobody reads more than it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from sqlalchemy import null, select, tuple_

from platform_service.tables import AnySelect, Entitlement
from platform_service.users.models import User
from shared.db.database import Database
from shared.schemas.keyset import decode_cursor, encode_cursor, split_page

PRODUCTS: Final[dict[str, tuple[str, ...]]] = {
    "coocook": ("coocook",),
    "sns": ("sns-auto",),
    "review": ("review",),
    "ai": ("ai-automation", "webapp-builder"),
}
"""Of which products each service asks who has subscribed."""
CHARGES: Final = frozenset({"coocook"})
"""Who charges users, and so needs to know as whom the payment provider knows them."""
KNOWS_USERS: Final = frozenset({"review"})
"""Who shows names and addresses of other users."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class EntitlementRow:
    """An entitlement as services copy it, in the order of the columns that are read."""

    user_id: int
    product: str
    active: bool
    valid_until: datetime | None
    customer: str | None
    version: int


@dataclass(frozen=True, slots=True)
class UserSnapshotRow:
    """A user as services copy one, in the order of the columns that are read."""

    user_id: int
    email: str
    name: str
    version: int


_USER: Final = (User.id, User.email, User.name, User.version)


@dataclass(frozen=True, slots=True)
class OfUser:
    """All that one user has."""

    items: Sequence[EntitlementRow]


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """A part of a snapshot, and the cursor of the next one."""

    items: Sequence[Row]
    next: str | None


async def entitlements_of(database: Database, *, caller: str, user_id: int) -> OfUser:
    """What one user may use of the caller's products, ended entitlements included."""
    statement = _entitlements_for(caller).where(Entitlement.user_id == user_id).order_by(Entitlement.product)
    async with database.read(fresh=True) as connection:
        return OfUser([EntitlementRow(*row) for row in await connection.execute(statement)])


async def entitlements_after(
    database: Database, *, caller: str, after: str | None, limit: int
) -> Part[EntitlementRow]:
    """A part of all entitlements to the caller's products. Raises InvalidCursor."""
    statement = _entitlements_for(caller).order_by(Entitlement.user_id, Entitlement.product)
    if after is not None:
        position = tuple_(Entitlement.user_id, Entitlement.product)
        statement = statement.where(position > tuple_(*decode_cursor(after, int, str)))
    rows, last = await _part(database, statement, EntitlementRow, limit)
    return Part(rows, encode_cursor(last.user_id, last.product) if last else None)


async def users_after(database: Database, *, after: str | None, limit: int) -> Part[UserSnapshotRow]:
    """A part of all users who are not deleted. Raises InvalidCursor."""
    statement: AnySelect = select(*_USER).where(User.deleted_at.is_(None)).order_by(User.id)
    if after is not None:
        statement = statement.where(User.id > decode_cursor(after, int)[0])
    rows, last = await _part(database, statement, UserSnapshotRow, limit)
    return Part(rows, encode_cursor(last.user_id) if last else None)


def _entitlements_for(caller: str) -> AnySelect:
    customer = Entitlement.customer if caller in CHARGES else null()
    columns = (Entitlement.user_id, Entitlement.product, Entitlement.active, Entitlement.valid_until)
    return select(*columns, customer, Entitlement.version).where(Entitlement.product.in_(PRODUCTS[caller]))


async def _part(
    database: Database, statement: AnySelect, row: Callable[..., Row], limit: int
) -> tuple[Sequence[Row], Row | None]:
    """The rows of a part, and the last one where another part follows."""
    async with database.read(fresh=True) as connection:
        found = [row(*values) for values in await connection.execute(statement.limit(limit + 1))]
    return split_page(found, limit)
