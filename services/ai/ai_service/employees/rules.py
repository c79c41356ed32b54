"""What an employee's status may become. No database."""

from __future__ import annotations

from typing import Final, Literal

from ai_service.employees.errors import InvalidTransition

Status = Literal["draft", "training", "active", "paused"]

NEXT: Final[dict[str, tuple[Status, ...]]] = {
    "draft": ("training",),
    "training": ("active",),
    "active": ("paused",),
    "paused": ("active", "training"),
}


def move(current: str, wanted: Status) -> bool:
    """Whether going to `wanted` changes anything: asking for the current status again is not an error.

    Raises InvalidTransition where the way does not lead there.
    """
    if current == wanted:
        return False
    if wanted not in NEXT[current]:
        raise InvalidTransition.between(current, wanted, NEXT[current])
    return True
