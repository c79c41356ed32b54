"""Arithmetic of subscriptions and revenue; no database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from shared.schemas.dates import months_later
from shared.schemas.money import CURRENCIES, decimals

PlanType = Literal["monthly", "annual"]
MONTHS_A_YEAR = 12


def interval(plan_type: PlanType) -> Literal["month", "year"]:
    """The provider's word for a plan."""
    return "month" if plan_type == "monthly" else "year"


def period_end(anchor: datetime, plan_type: PlanType, *, periods: int = 1) -> datetime:
    """When so many periods end of a subscription that began at `anchor`, in the provider's months.

    Only the first one is counted here, until the provider has listed its invoice: those that follow are the
    provider's, which counts from its own anchor.
    """
    return months_later(anchor, periods * (1 if plan_type == "monthly" else MONTHS_A_YEAR))


def monthly_value(price: Decimal, plan_type: PlanType) -> Decimal:
    """What a subscription is worth a month, unrounded."""
    return price if plan_type == "monthly" else price / MONTHS_A_YEAR


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole units of what `currency` counts in: cents, or won. As it is where nobody knows that."""
    if currency not in CURRENCIES:
        return amount
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_HALF_UP)


def converted(amount: Decimal, currency: str, *, to: str, rates: Mapping[str, Decimal]) -> Decimal | None:
    """`amount` in `to`, unrounded, by `rates` (what one unit of each currency is worth in `to`); None without one."""
    if currency == to:
        return amount
    return amount * rates[currency] if currency in rates else None
