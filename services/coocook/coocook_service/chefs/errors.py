"""What can be wrong about a chef.

ServiceError
  404 ChefNotFound, NotAChef
  409 AlreadyAChef
  422 HoursReversed, PriceTooFine
"""

from __future__ import annotations

from shared.errors import Conflict, FieldError, NotFound, Unprocessable


class ChefNotFound(NotFound):
    """There is no chef with this id."""


class NotAChef(NotFound):
    """You are not a chef yet."""

    code = "not_a_chef"


class AlreadyAChef(Conflict):
    """You are already a chef."""

    code = "already_a_chef"


class HoursReversed(Unprocessable):
    """closes_hour must be after opens_hour."""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("closes_hour", "must be after opens_hour")])


class PriceTooFine(Unprocessable):
    """The price has a fraction of the currency's smallest unit."""

    def __init__(self, currency: str) -> None:
        message = f"Prices in {currency} are whole numbers."
        super().__init__(message, errors=[FieldError("price_per_session", message)])
