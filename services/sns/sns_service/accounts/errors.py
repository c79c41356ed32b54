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
    """You have no account with this id."""


class AccountExists(Conflict):
    """You have already linked this account."""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("account_name", "linked already")])


class WrongCredentials(Unprocessable):
    """These credentials do not fit this network."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        first = errors[0]
        super().__init__(f"{first.field}: {first.message}", errors=errors)
