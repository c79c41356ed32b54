"""What other services ask to fill or to rebuild their copies: nobody reads more than it needs."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import null, select, tuple_

from platform_service.tables import AnySelect, Entitlement
from platform_service.users.models import User
from shared.db.database import Database
from shared.schemas.keyset import decode_cursor, encode_cursor

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

_USER = select(User.id.label("user_id"), User.email, User.name, User.version)


async def entitlements_of(database: Database, *, caller: str, user_id: int) -> dict[str, Any]:
    """What one user may use of the caller's products, ended entitlements included: `{items: [...]}`."""
    statement = _entitlements_for(caller).where(Entitlement.user_id == user_id).order_by(Entitlement.product)
    async with database.read(fresh=True) as connection:
        rows = await connection.execute(statement)
        return {"items": [dict(row) for row in rows.mappings()]}


async def entitlements_after(
    database: Database, *, caller: str, after: str | None, limit: int
) -> dict[str, Any]:
    """A part of all entitlements to the caller's products: `{items, next}`. Raises InvalidCursor."""
    statement = _entitlements_for(caller).order_by(Entitlement.user_id, Entitlement.product)
    if after is not None:
        position = tuple_(Entitlement.user_id, Entitlement.product)
        statement = statement.where(position > tuple_(*decode_cursor(after, int, str)))
    return await _part(database, statement, limit, "user_id", "product")


def _entitlements_for(caller: str) -> AnySelect:
    customer = Entitlement.customer if caller in CHARGES else null().label("customer")
    return select(
        Entitlement.user_id,
        Entitlement.product,
        Entitlement.active,
        Entitlement.valid_until,
        customer,
        Entitlement.version,
    ).where(Entitlement.product.in_(PRODUCTS[caller]))


async def users_after(database: Database, *, after: str | None, limit: int) -> dict[str, Any]:
    """A part of all users who are not deleted: `{items, next}`. Raises InvalidCursor."""
    statement = _USER.where(User.deleted_at.is_(None)).order_by(User.id)
    if after is not None:
        statement = statement.where(User.id > decode_cursor(after, int)[0])
    return await _part(database, statement, limit, "user_id")


async def _part(database: Database, statement: Any, limit: int, *position: str) -> dict[str, Any]:
    async with database.read(fresh=True) as connection:
        rows = (await connection.execute(statement.limit(limit + 1))).mappings().all()
    items = [dict(row) for row in rows[:limit]]
    more = len(rows) > limit
    return {"items": items, "next": encode_cursor(*[items[-1][name] for name in position]) if more else None}
