"""Savings over the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, WithJsonSchema

from ai_service.employees.schemas import EmployeeShown
from ai_service.plans.schemas import Usage

Number = Annotated[int, WithJsonSchema({"type": "number"})]
"""Whole, but promised to clients as any number."""


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
