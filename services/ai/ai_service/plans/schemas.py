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
    """How many of the employees that the plan allows are in use."""

    used: int
    limit: int


class Tokens(BaseModel):
    """This month's tokens. `reserved` tokens are held for runs that have not ended."""

    used: int
    reserved: int
    left: int
    limit: int


class Usage(BaseModel):
    """A user's plan and its use. `month` is a month such as 2026-11, in Seoul's time."""

    plan: PlanName
    month: str
    employees: Employees
    tokens: Tokens


class PlanChoice(Request):
    """Which plan a user gets."""

    plan: PlanName
