"""What a saved hour is worth. No database."""

from __future__ import annotations

from typing import Final

WON_PER_HOUR: Final = 15_000
HOURS_OF_A_FULL_TIME_MONTH: Final = 160


def annual(monthly_hours: int) -> str:
    """A year of months like this one, in won, such as ₩180,000 for one hour a month."""
    return f"₩{monthly_hours * 12 * WON_PER_HOUR:,}"


def efficiency(monthly_hours: int) -> float:
    """The month's saved hours, in percent of a full-time month."""
    return round(100 * monthly_hours / HOURS_OF_A_FULL_TIME_MONTH, 1)
