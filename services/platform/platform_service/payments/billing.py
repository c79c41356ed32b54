"""What a billing page shows: the user's payments, and what will be due."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from platform_service.payments.models import Customer, Payment
from platform_service.payments.rules import monthly_value, rounded
from platform_service.products.models import Product
from platform_service.subscriptions.schemas import subscription_shape
from platform_service.subscriptions.service import rows_of, running, suspended
from platform_service.tables import AnySelect
from platform_service.users.models import User
from shared.auth.errors import InvalidToken
from shared.db.database import Database
from shared.schemas.dates import utcnow

STATUSES = {
    "charge": "succeeded",
    "refund": "refunded",
    "refund_reversal": "refund_failed",
    "dispute": "disputed",
    "dispute_reversal": "reinstated",
}


async def history(
    database: Database, *, user_id: int, offset: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """A user's payments and refunds, the newest first, and how many there are."""
    total = select(func.count()).where(Payment.user_id == user_id)
    async with database.read(fresh=True) as connection:
        rows = await connection.execute(_payments(user_id).offset(offset).limit(limit))
        return [_payment_shape(row) for row in rows], await connection.scalar(total) or 0


async def billing_info(database: Database, *, user_id: int, grace: timedelta) -> dict[str, Any]:
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
            subscription_shape(row, grace=grace, now=now)
            for row in await connection.execute(rows_of(user_id).where(lasting))
        ]
        last = (await connection.execute(_payments(user_id).limit(1))).one_or_none()
    if user is None:
        raise InvalidToken
    renewed = [one for one in subscriptions if not one["suspended"] and not one["cancel_at_period_end"]]
    return {
        "email": user.email,
        "name": user.name,
        "customer_id": user.provider_id,
        "subscriptions": subscriptions,
        "monthly_total": _monthly_total(renewed),
        "upcoming_payments": _upcoming(renewed),
        "last_payment": None if last is None else _payment_shape(last),
    }


def _payments(user_id: int) -> AnySelect:
    return (
        select(
            Payment.id,
            Payment.kind,
            Payment.product_id,
            Product.name.label("product_name"),
            Payment.amount,
            Payment.currency,
            Payment.created_at,
        )
        .outerjoin(Product, Product.id == Payment.product_id)
        .where(Payment.user_id == user_id)
        .order_by(Payment.created_at.desc(), Payment.id.desc())
    )


def _payment_shape(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "product_id": row.product_id,
        "product_name": row.product_name,
        "amount": row.amount,
        "currency": row.currency,
        "status": STATUSES[row.kind],
        "created_at": row.created_at,
    }


def _monthly_total(subscriptions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per currency, since a sum of dollars and won means nothing."""
    totals: dict[str, Decimal] = {}
    for one in subscriptions:
        totals[one["currency"]] = totals.get(one["currency"], Decimal(0)) + monthly_value(
            one["price"], one["plan_type"]
        )
    return [
        {"currency": currency, "amount": rounded(amount, currency)}
        for currency, amount in sorted(totals.items())
    ]


def _upcoming(subscriptions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    due = [one for one in subscriptions if one["current_period_end"] is not None]
    return [
        {
            "subscription_id": one["id"],
            "product_name": one["product_name"],
            "amount": one["price"],
            "currency": one["currency"],
            "due_at": one["current_period_end"],
        }
        for one in sorted(due, key=lambda one: one["current_period_end"])
    ]
