"""What the business earns: from the ledger what came in, from the subscriptions what comes every month.

Products are sold in several currencies, and the contract has single numbers: those are converted to one reporting
currency at configured rates, beside the same numbers per currency as they are. It is a report, not bookkeeping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Numeric, case, func, select

from platform_service.admin.schemas import CurrencyRevenue, ProductRevenue, Revenue
from platform_service.payments.models import Payment
from platform_service.subscriptions.models import Product, Subscription
from platform_service.subscriptions.queries import running
from platform_service.subscriptions.rules import MONTHS_A_YEAR, converted, rounded
from platform_service.tables import AnySelect
from platform_service.users.models import User
from shared.db.database import Database
from shared.schemas.dates import utcnow

Sums = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class MonthlyRow:
    """What a product's running subscriptions in one currency pay a month, in the order of the columns that are read."""

    product_id: int
    product_name: str
    currency: str
    subscriptions: int
    monthly: Decimal


@dataclass(frozen=True, slots=True)
class Reporting:
    """The currency of the report, and what a unit of each other one is worth in it."""

    currency: str
    rates: Mapping[str, Decimal]

    def total(self, sums: Sums) -> Decimal:
        """The sum in the reporting currency; currencies without a rate are left out, and shown by `rate: null`."""
        amounts = (self.convert(amount, currency) for currency, amount in sums.items())
        return sum((amount for amount in amounts if amount is not None), Decimal(0))

    def convert(self, amount: Decimal, currency: str) -> Decimal | None:
        """None without a rate."""
        return converted(amount, currency, to=self.currency, rates=self.rates)

    def round(self, amount: Decimal) -> Decimal:
        """To what the reporting currency counts in."""
        return rounded(amount, self.currency)


async def revenue(
    database: Database, *, grace: timedelta, currency: str, rates: Mapping[str, Decimal]
) -> Revenue:
    """The report in `currency`, as of now."""
    came_in = select(Payment.currency, func.sum(Payment.amount).label("total")).group_by(Payment.currency)
    users = select(func.count()).where(User.deleted_at.is_(None))
    async with database.read() as connection:
        rows = [MonthlyRow(*row) for row in await connection.execute(_monthly(grace, utcnow()))]
        ledger: dict[str, Decimal] = {row.currency: row.total for row in await connection.execute(came_in)}
        total_users = await connection.scalar(users) or 0
    return _report(rows, ledger, Reporting(currency, rates), total_users)


def _monthly(grace: timedelta, now: datetime) -> AnySelect:
    monthly = case(
        (Subscription.cancel_at_period_end, 0),  # it does not recur
        (Subscription.plan_type == "annual", Subscription.price / MONTHS_A_YEAR),
        else_=Subscription.price,
    ).cast(Numeric(20, 6))
    currency = func.coalesce(Subscription.currency, Product.currency)
    is_running = (Subscription.product_id == Product.id) & running(grace=grace, now=now)
    return (
        select(
            Product.id,
            Product.name,
            currency,
            func.count(Subscription.id),
            func.coalesce(func.sum(monthly), 0),
        )
        .outerjoin(Subscription, is_running)
        .group_by(Product.id, Product.name, currency)
        .order_by(Product.id)
    )


def _report(rows: Sequence[MonthlyRow], ledger: Sums, reporting: Reporting, total_users: int) -> Revenue:
    monthly: dict[str, Decimal] = {}
    for row in rows:
        monthly[row.currency] = monthly.get(row.currency, Decimal(0)) + row.monthly
    mrr = reporting.total(monthly)
    return Revenue(
        currency=reporting.currency,
        mrr=reporting.round(mrr),
        arr=reporting.round(mrr * MONTHS_A_YEAR),
        total_revenue=reporting.round(reporting.total(ledger)),
        total_users=total_users,
        active_subscriptions=sum(row.subscriptions for row in rows),
        revenue_by_product=_by_product(rows, reporting),
        by_currency=[
            _of_currency(currency, monthly, ledger, reporting)
            for currency in sorted(monthly.keys() | ledger.keys())
        ],
    )


def _by_product(rows: Sequence[MonthlyRow], reporting: Reporting) -> list[ProductRevenue]:
    products: dict[int, list[MonthlyRow]] = {}
    for row in rows:
        products.setdefault(row.product_id, []).append(row)
    return [
        ProductRevenue(
            product_name=of_product[0].product_name,
            subscriptions=sum(row.subscriptions for row in of_product),
            monthly_revenue=reporting.round(
                sum((reporting.total({row.currency: row.monthly}) for row in of_product), Decimal(0))
            ),
        )
        for of_product in products.values()
    ]


def _of_currency(currency: str, monthly: Sums, ledger: Sums, reporting: Reporting) -> CurrencyRevenue:
    mrr = monthly.get(currency, Decimal(0))
    return CurrencyRevenue(
        currency=currency,
        rate=reporting.convert(Decimal(1), currency),
        mrr=rounded(mrr, currency),
        arr=rounded(mrr * MONTHS_A_YEAR, currency),
        total_revenue=ledger.get(currency, Decimal(0)),
    )
