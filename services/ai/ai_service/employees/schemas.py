"""What clients send about employees, and what they read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from ai_service.employees.errors import ScenarioTypeMissing, SpellingsDiffer
from ai_service.employees.rules import Status
from ai_service.scenarios.kinds import ScenarioType
from shared.schemas.text import Name, Text
from shared.schemas.types import PlainNumber, Request

Description = Annotated[str, Text(0, 4000)]


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
