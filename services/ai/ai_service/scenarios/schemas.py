"""Scenarios over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from ai_service.scenarios.kinds import ScenarioType


class ScenarioShown(BaseModel):
    """`estimated_savings`: hours saved in a month of usual work; `savings_per_run`: in one run.

    `scenario_type`: what an employee for it is made with.
    """

    id: int
    name: str
    category: str
    description: str | None
    estimated_savings: int | None
    savings_per_run: int | None
    complexity: Literal["easy", "medium", "advanced"]
    is_premium: bool
    scenario_type: ScenarioType | None
    created_at: datetime


class ScenarioDetail(ScenarioShown):
    """A scenario with the JSON schemas of a run's input and output."""

    input_schema: dict[str, Any] | None
    output_schema: dict[str, Any] | None
