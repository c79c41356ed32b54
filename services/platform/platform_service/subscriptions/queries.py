"""Reading products and subscriptions: both lists, and the conditions of having access."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from platform_service.subscriptions import schemas
from platform_service.subscriptions.models import Product, Subscription
from platform_service.subscriptions.rules import PlanType, Status, status_at
from platform_service.tables import AnySelect
from shared.db.database import Database
from shared.schemas.dates import utcnow
from shared.schemas.json import dumps
from shared.schemas.keyset import split_page

TAG: Final = "products"
"""The cache's tag of everything made of products."""

_PRODUCT: Final = tuple(getattr(Product, name) for name in schemas.Product.model_fields)
_OFFERED: Final = select(*_PRODUCT).where(Product.is_active).order_by(Product.id)


async def offered(connection: AsyncConnection) -> list[schemas.Product]:
    """The products on offer, in the order in which they are shown."""
    return [schemas.Product.model_validate(row) for row in await connection.execute(_OFFERED)]


async def products_json(database: Database) -> bytes:
    """The list of products as it goes over the wire."""
    async with database.read() as connection:
        return dumps(await offered(connection))


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription with its product's name, in the order of the columns that are read."""

    id: int
    product_id: int
    product_name: str
    plan_type: PlanType
    status: Status
    current_period_end: datetime | None
    price: Decimal
    currency: str
    suspended_at: datetime | None
    cancel_at_period_end: bool
    payment_url: str | None
    created_at: datetime

    def as_of(self, now: datetime, *, grace: timedelta) -> schemas.Subscription:
        """What clients are shown: without access it is expired, whether or not a job marked it."""
        is_suspended = self.suspended_at is not None
        return schemas.Subscription(
            id=self.id,
            product_id=self.product_id,
            product_name=self.product_name,
            plan_type=self.plan_type,
            status=status_at(
                self.status, self.current_period_end, suspended=is_suspended, grace=grace, now=now
            ),
            current_period_end=self.current_period_end,
            price=self.price,
            currency=self.currency,
            suspended=self.status == "active" and is_suspended,
            cancel_at_period_end=self.cancel_at_period_end,
            payment_url=self.payment_url if self.status == "active" else None,
            created_at=self.created_at,
        )


_COLUMNS: Final = (
    Subscription.id,
    Subscription.product_id,
    Product.name.label("product_name"),
    Subscription.plan_type,
    Subscription.status,
    Subscription.current_period_end,
    Subscription.price,
    Subscription.currency,
    Subscription.suspended_at,
    Subscription.cancel_at_period_end,
    Subscription.payment_url,
    Subscription.created_at,
)
_LIST: Final[AnySelect] = (
    select(*_COLUMNS).join(Product, Product.id == Subscription.product_id).order_by(Subscription.id.desc())
)


async def subscriptions_of(
    connection: AsyncConnection, user_id: int, *conditions: ColumnElement[bool], limit: int | None = None
) -> Sequence[SubscriptionRow]:
    """A user's subscriptions that meet the conditions, the newest first."""
    statement = _LIST.where(Subscription.user_id == user_id, *conditions).limit(limit)
    return [SubscriptionRow(*row) for row in await connection.execute(statement)]


async def page_of_subscriptions(
    connection: AsyncConnection, *, user_id: int, limit: int, before: int | None
) -> tuple[Sequence[SubscriptionRow], int | None]:
    """A user's subscriptions, over ones too, and the id after which the next page starts."""
    earlier = () if before is None else (Subscription.id < before,)
    found = await subscriptions_of(connection, user_id, *earlier, limit=limit + 1)
    rows, last = split_page(found, limit)
    return rows, last.id if last else None


def running(*, grace: timedelta, now: datetime) -> ColumnElement[bool]:
    """The condition that a subscription gives access: active, not suspended, and its time not over."""
    end = Subscription.current_period_end
    return (
        (Subscription.status == "active")
        & Subscription.suspended_at.is_(None)
        & or_(end.is_(None), end > now - grace)
    )


def suspended() -> ColumnElement[bool]:
    """The condition that a subscription waits for a payment."""
    return (Subscription.status == "active") & Subscription.suspended_at.is_not(None)


async def is_subscribed(
    connection: AsyncConnection | AsyncSession, *, user_id: int, product_id: int, grace: timedelta
) -> bool:
    """Whether the user has a running subscription to the product."""
    found: Any = select(func.count()).where(
        Subscription.user_id == user_id,
        Subscription.product_id == product_id,
        running(grace=grace, now=utcnow()),
    )
    return bool(await connection.scalar(found))
