"""What can be wrong about an employee.

ServiceError
  404 EmployeeNotFound
  409 EmployeeIsActive, InvalidTransition
  422 ScenarioTypeMissing, SpellingsDiffer
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import Conflict, FieldError, NotFound, Unprocessable


class EmployeeNotFound(NotFound):
    """You have no employee with this id."""


class EmployeeIsActive(Conflict):
    """The employee is active; pause it first."""


class InvalidTransition(Conflict):
    """The employee's status does not allow this change."""

    @classmethod
    def between(cls, current: str, wanted: str, possible: Sequence[str]) -> InvalidTransition:
        """Says what is possible instead."""
        choice = " or ".join(possible)
        return cls(
            f"The employee's status is {current}: it can change to {choice}, not to {wanted}.",
            possible=list(possible),
        )


class ScenarioTypeMissing(Unprocessable):
    """scenario_type: Field required"""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("scenario_type", "Field required")])


class SpellingsDiffer(Unprocessable):
    """Two fields for the same value differ; send one of them."""

    @classmethod
    def of(cls, field: str, other: str) -> SpellingsDiffer:
        """Names both spellings."""
        message = f"Differs from {field}; send one of the two"
        return cls(f"{other}: {message}", errors=[FieldError(other, message)])
