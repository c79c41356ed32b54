"""What a billing page shows: the user's payments, and what will be due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_service.payments.models import Payment
from platform_service.payments.schemas import (
    BillingInfo,
    MonthlyTotal,
    PaymentKind,
    PaymentShape,
    PaymentStatus,
    UpcomingPayment,
)
from platform_service.subscriptions.models import Product
from platform_service.subscriptions.queries import running, subscriptions_of, suspended
from platform_service.subscriptions.rules import monthly_value, rounded
from platform_service.subscriptions.schemas import Subscription
from platform_service.tables import AnySelect
from platform_service.users.models import Customer, User
from shared.auth.errors import InvalidToken
from shared.db.database import Database
from shared.schemas.dates import utcnow

STATUSES: Final[dict[PaymentKind, PaymentStatus]] = {
    "charge": "succeeded",
    "refund": "refunded",
    "refund_reversal": "refund_failed",
    "dispute": "disputed",
    "dispute_reversal": "reinstated",
}


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A row of the ledger with its product's name, in the order of the columns that are read."""

    id: int
    kind: PaymentKind
    product_id: int | None
    product_name: str | None
    amount: Decimal
    currency: str
    created_at: datetime

    def shape(self) -> PaymentShape:
        """As clients see it."""
        return PaymentShape(
            id=self.id,
            kind=self.kind,
            product_id=self.product_id,
            product_name=self.product_name,
            amount=self.amount,
            currency=self.currency,
            status=STATUSES[self.kind],
            created_at=self.created_at,
        )


_COLUMNS: Final = (
    Payment.id,
    Payment.kind,
    Payment.product_id,
    Product.name,
    Payment.amount,
    Payment.currency,
    Payment.created_at,
)


async def history(
    database: Database, *, user_id: int, offset: int, limit: int
) -> tuple[list[PaymentShape], int]:
    """A user's payments and refunds, the newest first, and how many there are."""
    total = select(func.count()).where(Payment.user_id == user_id)
    async with database.read(fresh=True) as connection:
        payments = await _payments(connection, user_id, offset=offset, limit=limit)
        return payments, await connection.scalar(total) or 0


async def billing_info(database: Database, *, user_id: int, grace: timedelta) -> BillingInfo:
    """The billing summary: the payer, the subscriptions, the monthly cost and the next charge. Raises
    InvalidToken for a user who is gone.

    What is due is the provider's price of the next period: nothing for what ends with this one. A suspended
    subscription is listed with where to pay it; its open invoice is due already.
    """
    now = utcnow()
    who = (
        select(User.email, User.name, Customer.provider_id)
        .outerjoin(Customer, Customer.user_id == User.id)
        .where(User.id == user_id, User.deleted_at.is_(None))
    )
    async with database.read(fresh=True) as connection:
        user = (await connection.execute(who)).one_or_none()
        lasting = running(grace=grace, now=now) | suspended()
        subscriptions = [
            row.as_of(now, grace=grace) for row in await subscriptions_of(connection, user_id, lasting)
        ]
        payments = await _payments(connection, user_id, limit=1)
    if user is None:
        raise InvalidToken
    renewed = [one for one in subscriptions if not one.suspended and not one.cancel_at_period_end]
    return BillingInfo(
        email=user.email,
        name=user.name,
        customer_id=user.provider_id,
        subscriptions=subscriptions,
        monthly_total=_monthly_total(renewed),
        upcoming_payments=_upcoming(renewed),
        last_payment=next(iter(payments), None),
    )


async def _payments(
    connection: AsyncConnection, user_id: int, *, offset: int = 0, limit: int
) -> list[PaymentShape]:
    statement: AnySelect = (
        select(*_COLUMNS)
        .outerjoin(Product, Product.id == Payment.product_id)
        .where(Payment.user_id == user_id)
        .order_by(Payment.created_at.desc(), Payment.id.desc())
    )
    rows = await connection.execute(statement.offset(offset).limit(limit))
    return [PaymentRow(*row).shape() for row in rows]


def _monthly_total(subscriptions: Sequence[Subscription]) -> list[MonthlyTotal]:
    """Per currency, since a sum of dollars and won means nothing."""
    totals: dict[str, Decimal] = {}
    for one in subscriptions:
        worth = monthly_value(one.price, one.plan_type)
        totals[one.currency] = totals.get(one.currency, Decimal(0)) + worth
    return [
        MonthlyTotal(currency=currency, amount=rounded(amount, currency))
        for currency, amount in sorted(totals.items())
    ]


def _upcoming(subscriptions: Sequence[Subscription]) -> list[UpcomingPayment]:
    due = [
        UpcomingPayment(
            subscription_id=one.id,
            product_name=one.product_name,
            amount=one.price,
            currency=one.currency,
            due_at=one.current_period_end,
        )
        for one in subscriptions
        if one.current_period_end is not None
    ]
    return sorted(due, key=lambda payment: payment.due_at)
