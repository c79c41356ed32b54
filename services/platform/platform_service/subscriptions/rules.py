"""When a subscription gives access; no database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

Status = Literal["active", "canceled", "expired"]
# What the provider calls a subscription that still gives access. Past due does: the provider retries the card for
# some days, while the period and the grace run out here if it never succeeds.
RUNNING = frozenset({"active", "trialing", "past_due"})


def valid_until(period_end: datetime | None, grace: timedelta) -> datetime | None:
    """The end of access: the paid period, and the time that a renewal may need to be reported. None: open-ended."""
    return None if period_end is None else period_end + grace


def status_at(status: Status, period_end: datetime | None, *, grace: timedelta, now: datetime) -> Status:
    """The status to show: an active subscription whose time is over is expired, also before the job marked it."""
    until = valid_until(period_end, grace)
    return "expired" if status == "active" and until is not None and until <= now else status


def later(known: datetime | None, reported: datetime | None) -> datetime | None:
    """The later of two period ends: reports come out of order, and paid time is never taken back by an older one."""
    if known is None or reported is None:
        return known or reported
    return max(known, reported)
