"""What coocook's processes are told by their environment."""

from __future__ import annotations

from pydantic import Field

from shared.settings import PaymentSettings

DAY_SECONDS = 86_400


class CoocookSettings(PaymentSettings):
    """The common settings, where payments go, and how long a chef's time is reserved without payment."""

    reservation_seconds: int = Field(default=1800, ge=60, le=DAY_SECONDS)
    """How long a new reservation waits for its payment; it never waits beyond its start."""
    accepted_reservation_seconds: int = Field(default=DAY_SECONDS, ge=60, le=7 * DAY_SECONDS)
    """The same from the moment at which the chef confirms it."""
    max_unpaid_reservations: int = Field(default=3, ge=1)
    """Of one customer at a time, with all chefs together."""
