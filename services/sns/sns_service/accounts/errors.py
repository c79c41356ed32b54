"""What can be wrong about an account.

ServiceError
  404 AccountNotFound
  409 AccountExists
  422 WrongCredentials
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import Conflict, FieldError, NotFound, Unprocessable


class AccountNotFound(NotFound):
    """There is no such account of yours."""


class AccountExists(Conflict):
    """You have linked this account already."""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("account_name", "linked already")])


class WrongCredentials(Unprocessable):
    """These are not credentials of this network."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        first = errors[0]
        super().__init__(f"{first.field}: {first.message}", errors=errors)
