"""What clients send about runs, and what they read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from ai_service.runs.rules import AttemptStatus, Status
from ai_service.scenarios.kinds import ScenarioType
from shared.schemas.money import DecimalNumber
from shared.schemas.types import Request


class NewRun(Request):
    """Work for an employee: `input` is what its scenario's `input_schema` says."""

    input: dict[str, Any]


class RunAccepted(BaseModel):
    """The run is queued. `url` shows it, `events` is its live view."""

    id: int
    message: str
    status: Status
    url: str
    events: str


class RunCard(BaseModel):
    """A run in a list. Tokens and `cost` (in `currency`) include all attempts, failed ones too."""

    id: int
    employee_id: int
    scenario_type: ScenarioType
    status: Status
    error: str | None
    error_message: str | None
    provider: str | None
    model: str | None
    input_tokens: int
    output_tokens: int
    cost: DecimalNumber
    currency: str
    hours_saved: int | None
    duration_ms: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class AttemptShown(BaseModel):
    """One attempt. `called_at` is null if its worker died before it called the model; `reply` is set if the
    reply did not fit.

    `tokens_estimated`: the provider did not report all tokens, for example because the call broke off or was canceled.
    """

    number: int
    status: AttemptStatus
    error: str | None
    reply: str | None
    input_tokens: int
    output_tokens: int
    tokens_estimated: bool
    started_at: datetime
    called_at: datetime | None
    finished_at: datetime | None


class RunShown(RunCard):
    """One run. `reply` is the model's last reply, if it did not fit the output schema."""

    input: dict[str, Any]
    output: dict[str, Any] | None
    reply: str | None
    attempts: list[AttemptShown]


class RunCanceled(BaseModel):
    """The run after the change."""

    id: int
    message: str
    status: Status
