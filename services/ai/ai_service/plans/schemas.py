"""Plans over the wire."""

from __future__ import annotations

from pydantic import BaseModel

from ai_service.plans.rules import PlanName
from shared.schemas.types import Request


class PlanShown(BaseModel):
    """One plan. `price` in KRW a month; how many `employees` at a time and how many `tokens` a month it allows."""

    name: str
    price: int
    hours_saved: str
    features: list[str]
    employees: int
    tokens: int


class Employees(BaseModel):
    """Of those that the plan allows at a time."""

    used: int
    limit: int


class Tokens(BaseModel):
    """Of this month. `reserved` are kept for runs that are not over."""

    used: int
    reserved: int
    left: int
    limit: int


class Usage(BaseModel):
    """A user's plan and what is used of it. `month` such as 2026-11, by Seoul's clock."""

    plan: PlanName
    month: str
    employees: Employees
    tokens: Tokens


class PlanChoice(Request):
    """Which plan a user gets."""

    plan: PlanName
