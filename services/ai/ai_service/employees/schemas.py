"""Employees, plans and savings over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema

from ai_service.employees.errors import ScenarioTypeMissing, SpellingsDiffer
from ai_service.employees.rules import PlanName, Status
from ai_service.scenarios.kinds import ScenarioType
from shared.schemas.text import Name, Text
from shared.schemas.types import PlainNumber, Request

Description = Annotated[str, Text(0, 4000)]
Number = Annotated[int, WithJsonSchema({"type": "number"})]
"""Whole, but promised to clients as any number."""


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


class NewEmployee(Request):
    """An employee to hire. Today's client says `scenario` and `instructions` for the same two things."""

    name: Annotated[str, Name(1, 100)]
    scenario_type: ScenarioType | None = None
    scenario: ScenarioType | None = None
    description: Description | None = None
    instructions: Description | None = None

    def chosen_type(self) -> ScenarioType:
        """In either spelling. Raises ScenarioTypeMissing or SpellingsDiffer."""
        chosen = self.scenario_type or self.scenario
        if chosen is None:
            raise ScenarioTypeMissing
        if self.scenario not in {None, chosen}:
            raise SpellingsDiffer.of("scenario_type", "scenario")
        return chosen

    def chosen_description(self) -> str | None:
        """In either spelling, None for an empty one. Raises SpellingsDiffer."""
        chosen = self.description or self.instructions or None
        if self.instructions and self.instructions != chosen:
            raise SpellingsDiffer.of("description", "instructions")
        return chosen


class Deployment(Request):
    """`savings_hours` is what clients of the monolith claimed; it is taken and not counted: runs count."""

    savings_hours: Annotated[int, Field(ge=0, le=1_000_000), PlainNumber] | None = None


class EmployeeShown(BaseModel):
    """An employee. `monthly_savings_hours`: what its completed runs saved since the month began in Seoul.

    `scenario`, `instructions` and `savings_hours` say the same as the fields before them, as some clients spell it.
    """

    id: int
    name: str
    scenario_type: ScenarioType
    scenario: ScenarioType
    description: str
    instructions: str
    status: Status
    monthly_savings_hours: int
    savings_hours: int
    created_at: datetime
    deployed_at: datetime | None


class EmployeeHired(BaseModel):
    """The new employee."""

    id: int
    message: str
    employee: EmployeeShown


class StatusChanged(BaseModel):
    """The employee after the change."""

    id: int
    message: str
    status: Status


class Dismissed(BaseModel):
    """The employee was removed."""

    message: str


class Dashboard(BaseModel):
    """`estimated_annual_savings`, such as ₩180,000, is twelve months like this one, at 15,000 a saved hour."""

    total_employees: int
    active_employees: int
    total_monthly_savings_hours: int
    estimated_annual_savings: str
    employees: list[EmployeeShown]
    usage: Usage


class Month(BaseModel):
    """A month such as 2026-11, in Seoul's time; `cost` is what was saved, in won."""

    month: str
    hours: Number
    cost: Number


class Analytics(BaseModel):
    """`efficiency_increase`: this month's saved hours in percent of a full-time month of 160."""

    total_hours_saved: Number
    total_cost_saved: Number
    efficiency_increase: float
    trend_data: list[Month]
    currency: str
