"""Which applications take a place. No database."""

from __future__ import annotations

from typing import Literal

Status = Literal["pending", "approved", "rejected"]


def takes_place(status: str) -> bool:
    """A pending application holds its place, so that approving it cannot fail."""
    return status != "rejected"


def places_moved(current: str, wanted: Status) -> int:
    """How many places the change takes: 1, 0, or -1 where it frees one."""
    return takes_place(wanted) - takes_place(current)
