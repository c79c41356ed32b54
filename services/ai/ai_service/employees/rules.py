"""What an employee's status may become, what the plans offer, and which month it is. No database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from ai_service.employees.errors import InvalidTransition
from shared.schemas.dates import BUSINESS_ZONE

Status = Literal["draft", "training", "active", "paused"]
PlanName = Literal["starter", "ambassador", "enterprise"]
MONTHS_ARE_OF: Final = BUSINESS_ZONE
"""Prices are in won and the customers in Korea: their month begins at midnight there."""
NEXT: Final[dict[str, tuple[Status, ...]]] = {
    "draft": ("training",),
    "training": ("active",),
    "active": ("paused",),
    "paused": ("active", "training"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan. `price` in KRW a month; `employees` at a time; `tokens` a month, read and written together."""

    name: str
    price: int
    hours_saved: str
    employees: int
    tokens: int
    features: tuple[str, ...]


PLANS: Final[dict[PlanName, Plan]] = {
    "starter": Plan(
        "Starter", 49_000, "10-20 hours a month", 10, 200_000,
        ("10 AI employees", "200,000 scenario tokens a month", "All five scenario types"),
    ),
    "ambassador": Plan(
        "Ambassador", 89_000, "30-50 hours a month", 30, 1_000_000,
        ("30 AI employees", "1,000,000 scenario tokens a month", "All five scenario types", "Priority support"),
    ),
    "enterprise": Plan(
        "Enterprise", 290_000, "100+ hours a month", 200, 10_000_000,
        ("200 AI employees", "10,000,000 scenario tokens a month", "All five scenario types", "Dedicated support"),
    ),
}  # fmt: skip


def move(current: str, wanted: Status) -> bool:
    """Whether going to `wanted` changes anything: asking for the current status again is not an error.

    Raises InvalidTransition where the way does not lead there.
    """
    if current == wanted:
        return False
    if wanted not in NEXT[current]:
        raise InvalidTransition.between(current, wanted, NEXT[current])
    return True


def month_of(moment: datetime) -> date:
    """The first day of the month that a moment belongs to."""
    return moment.astimezone(MONTHS_ARE_OF).date().replace(day=1)


def month_start(moment: datetime) -> datetime:
    """The first moment of the month that a moment belongs to."""
    first = month_of(moment)
    return datetime(first.year, first.month, 1, tzinfo=MONTHS_ARE_OF)
