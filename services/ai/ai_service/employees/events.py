"""What ai tells of employees."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class EmployeeActivated(Event):
    """The employee is active and can be given work."""

    type: ClassVar[str] = "employee.activated"

    employee_id: int
    user_id: int
    scenario_type: str
