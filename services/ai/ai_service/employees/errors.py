"""What can be wrong about an employee, and what a plan does not allow.

ServiceError
  404 EmployeeNotFound
  409 EmployeeIsActive, EmployeeLimitReached, InvalidTransition, PlanTooSmall, TokenLimitReached
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


class EmployeeLimitReached(Conflict):
    """The plan allows no more employees."""

    @classmethod
    def of(cls, plan: str, *, limit: int) -> EmployeeLimitReached:
        """Says how many there may be."""
        return cls(f"The plan {plan} allows {limit} employees: delete one first.", plan=plan, limit=limit)


class TokenLimitReached(Conflict):
    """The plan's remaining tokens of this month are not enough for this run."""

    @classmethod
    def of(cls, plan: str, *, limit: int, used: int, reserved: int, needed: int) -> TokenLimitReached:
        """Says what there is, what is taken, and what the run might need. All in tokens."""
        message = (
            f"This run may need {needed} tokens. The plan {plan} has {limit} a month, of which {used} are used"
            f" and {reserved} are reserved for runs in progress."
        )
        return cls(message, plan=plan, limit=limit, used=used, reserved=reserved, needed=needed)


class PlanTooSmall(Conflict):
    """The user has more employees than this plan allows."""


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
