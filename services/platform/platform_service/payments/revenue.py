"""What the business earns: from the ledger what came in, from the subscriptions what comes every month.

Products are sold in several currencies, and the contract has single numbers: those are converted to one reporting
currency at configured rates, beside the same numbers per currency as they are. It is a report, not bookkeeping.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Numeric, case, func, select

from platform_service.payments.models import Payment
from platform_service.payments.rules import MONTHS_A_YEAR, converted, rounded
from platform_service.products.models import Product
from platform_service.settings import PlatformSettings
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.service import running
from platform_service.users.models import User
from shared.db.database import Database
from shared.schemas.dates import utcnow

Sums = Mapping[str, Decimal]


async def revenue(database: Database, settings: PlatformSettings) -> dict[str, Any]:
    """The shape of schemas.Revenue."""
    monthly = case(
        (Subscription.cancel_at_period_end, 0),  # it does not recur
        (Subscription.plan_type == "annual", Subscription.price / MONTHS_A_YEAR),
        else_=Subscription.price,
    ).cast(Numeric(20, 6))
    active = running(grace=settings.subscription_grace, now=utcnow())
    per_product = (
        select(
            Product.id,
            Product.name.label("product_name"),
            func.coalesce(Subscription.currency, Product.currency).label("currency"),
            func.count(Subscription.id).label("subscriptions"),
            func.coalesce(func.sum(monthly), 0).label("monthly"),
        )
        .outerjoin(Subscription, (Subscription.product_id == Product.id) & active)
        .group_by(Product.id, Product.name, func.coalesce(Subscription.currency, Product.currency))
        .order_by(Product.id)
    )
    came_in = select(Payment.currency, func.sum(Payment.amount).label("total")).group_by(Payment.currency)
    users = select(func.count()).where(User.deleted_at.is_(None))
    async with database.read() as connection:
        rows = (await connection.execute(per_product)).all()
        ledger = {row.currency: row.total for row in await connection.execute(came_in)}
        total_users = await connection.scalar(users) or 0
    return {**_report(rows, ledger, settings), "total_users": total_users}


def _report(rows: Iterable[Any], ledger: Sums, settings: PlatformSettings) -> dict[str, Any]:
    rows = list(rows)
    monthly: dict[str, Decimal] = {}
    for row in rows:
        monthly[row.currency] = monthly.get(row.currency, Decimal(0)) + row.monthly
    mrr = _in_one(monthly, settings)
    return {
        "currency": settings.reporting_currency,
        "mrr": rounded(mrr, settings.reporting_currency),
        "arr": rounded(mrr * MONTHS_A_YEAR, settings.reporting_currency),
        "total_revenue": rounded(_in_one(ledger, settings), settings.reporting_currency),
        "active_subscriptions": sum(row.subscriptions for row in rows),
        "revenue_by_product": _by_product(rows, settings),
        "by_currency": _by_currency(monthly, ledger, settings),
    }


def _in_one(sums: Sums, settings: PlatformSettings) -> Decimal:
    """The sum in the reporting currency; currencies without a rate are left out, and shown by `rate: null`."""
    amounts = (
        converted(amount, currency, to=settings.reporting_currency, rates=settings.exchange_rates)
        for currency, amount in sums.items()
    )
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _by_product(rows: list[Any], settings: PlatformSettings) -> list[dict[str, Any]]:
    products: dict[int, dict[str, Any]] = {}
    for row in rows:
        nothing = {"product_name": row.product_name, "subscriptions": 0, "monthly_revenue": Decimal(0)}
        entry = products.setdefault(row.id, nothing)
        entry["subscriptions"] += row.subscriptions
        entry["monthly_revenue"] += _in_one({row.currency: row.monthly}, settings)
    for entry in products.values():
        entry["monthly_revenue"] = rounded(entry["monthly_revenue"], settings.reporting_currency)
    return list(products.values())


def _by_currency(monthly: Sums, ledger: Sums, settings: PlatformSettings) -> list[dict[str, Any]]:
    return [
        {
            "currency": currency,
            "rate": converted(
                Decimal(1), currency, to=settings.reporting_currency, rates=settings.exchange_rates
            ),
            "mrr": rounded(mrr := monthly.get(currency, Decimal(0)), currency),
            "arr": rounded(mrr * MONTHS_A_YEAR, currency),
            "total_revenue": ledger.get(currency, Decimal(0)),
        }
        for currency in sorted(monthly.keys() | ledger.keys())
    ]
