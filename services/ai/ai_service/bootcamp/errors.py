"""What can be wrong about the bootcamp.

ServiceError
  404 EnrollmentNotFound, PlanNotFound
  409 AlreadyEnrolled, EnrollmentIsOver, NoSeats, SeatsTaken
  422 PlanTypeMissing, PlansDiffer
"""

from __future__ import annotations

from shared.errors import Conflict, FieldError, NotFound, Unprocessable


class EnrollmentNotFound(NotFound):
    """You have no enrollment with this id."""


class PlanNotFound(NotFound):
    """There is no plan with this name."""


class AlreadyEnrolled(Conflict):
    """You are already enrolled."""


class EnrollmentIsOver(Conflict):
    """The enrollment has ended."""


class NoSeats(Conflict):
    """All seats of this plan are taken."""


class SeatsTaken(Conflict):
    """More seats are already taken."""


class PlanTypeMissing(Unprocessable):
    """plan_type: Field required"""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("plan_type", "Field required")])


class PlansDiffer(Unprocessable):
    """plan_slug: Differs from plan_type; send one of the two"""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("plan_slug", "Differs from plan_type")])
