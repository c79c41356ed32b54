"""What a chef's profile must satisfy, and how chefs are looked for. No database."""

from __future__ import annotations

from decimal import Decimal

from coocook_service.chefs.errors import HoursReversed, PriceTooFine
from shared.schemas.money import decimals


def check_profile(*, price: Decimal, currency: str, opens_hour: int, closes_hour: int) -> None:
    """What no single field can tell. Raises HoursReversed or PriceTooFine."""
    if opens_hour >= closes_hour:
        raise HoursReversed
    if decimals(currency) == 0 and price != price.to_integral_value():
        raise PriceTooFine(currency)


def like_part(text: str) -> str:
    r"""The LIKE pattern of whatever contains `text`, in which its own `%`, `_` and `\` stand for themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
