"""What ai tells of runs."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class RunCompleted(Event):
    """An employee completed a run."""

    type: ClassVar[str] = "run.completed"

    run_id: int
    employee_id: int
    user_id: int
    scenario_type: str
    hours_saved: int
    input_tokens: int
    output_tokens: int
