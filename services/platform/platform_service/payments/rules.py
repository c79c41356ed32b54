"""Arithmetic of subscriptions and revenue; no database."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from platform_service.subscriptions.rules import PlanType
from shared.schemas.money import CURRENCIES, decimals


def interval(plan_type: PlanType) -> Literal["month", "year"]:
    """The provider's word for a plan."""
    return "month" if plan_type == "monthly" else "year"


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
