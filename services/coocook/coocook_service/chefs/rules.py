"""What a chef's profile must satisfy, and how chefs are looked for. No database."""

from __future__ import annotations

from decimal import Decimal

from coocook_service.chefs.errors import HoursReversed, PriceTooFine
from shared.schemas.money import is_chargeable


def check_profile(*, price: Decimal, currency: str, opens_hour: int, closes_hour: int) -> None:
    """What no single field can tell. Raises HoursReversed or PriceTooFine."""
    if opens_hour >= closes_hour:
        raise HoursReversed
    if not is_chargeable(price, currency):
        raise PriceTooFine(currency)


def in_small_letters(text: str) -> str:
    """As PostgreSQL's ILIKE compares: letter by letter, `İ` as `i`, `Σ` as `σ` wherever it stands.

    Python's `lower` goes by the whole word, and what it makes of these letters would be found nowhere.
    """
    return "".join(map(str.lower, text)).replace("i\u0307", "i")


def like_part(text: str) -> str:
    r"""The LIKE pattern of whatever contains `text`, in which its own `%`, `_` and `\` stand for themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


ALL_CHEFS = "chefs"
"""The tag of cached answers that depend on which chefs there are: every list of chefs."""


def chef_tag(chef_id: int) -> str:
    """The tag of cached answers about one chef: profile and reviews."""
    return f"chef:{chef_id}"
