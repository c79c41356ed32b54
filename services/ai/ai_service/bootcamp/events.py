"""What ai tells of the bootcamp."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class EnrollmentCreated(Event):
    """A user enrolled and took a seat."""

    type: ClassVar[str] = "enrollment.created"

    enrollment_id: int
    user_id: int
    plan: str
