"""What can be wrong about a run.

ServiceError
  404 RunNotFound
  409 EmployeeNotActive, RunIsOver
  422 WrongInput
  503 TooManyWatchers
"""

from __future__ import annotations

from pydantic import ValidationError

from shared.errors import Conflict, FieldError, NotFound, Unavailable, Unprocessable

MAX_ERRORS = 20


class RunNotFound(NotFound):
    """This employee has no run with this id."""


class EmployeeNotActive(Conflict):
    """Only an active employee can be given work."""

    @classmethod
    def but(cls, status: str) -> EmployeeNotActive:
        """Says what it is instead."""
        return cls(
            f"The employee's status is {status}; only an active employee can be given work.",
            employee_status=status,
        )


class RunIsOver(Conflict):
    """The run is over and cannot be canceled."""


class WrongInput(Unprocessable):
    """The input does not fit the scenario."""

    @classmethod
    def of(cls, error: ValidationError) -> WrongInput:
        """Names the fields, below `input`."""
        fields = [
            FieldError(".".join(["input", *map(str, item["loc"])])[:200], item["msg"])
            for item in error.errors(include_url=False, include_context=False, include_input=False)[
                :MAX_ERRORS
            ]
        ]
        return cls(f"{fields[0].field}: {fields[0].message}", errors=fields)


class TooManyWatchers(Unavailable):
    """Too many runs are being watched at the moment; try again, or read the run instead."""
