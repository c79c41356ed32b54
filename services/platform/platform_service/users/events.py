"""What others are told about users. Fields only ever get added; another meaning is another type or version."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class UserRegistered(Event):
    """An account was made."""

    type: ClassVar[str] = "user.registered"

    user_id: int
    email: str
    name: str
    role: str
    is_active: bool = True
    version: int = 1


class UserUpdated(Event):
    """The name, the address, the role or the state of an account changed; `version` counts its changes."""

    type: ClassVar[str] = "user.updated"

    user_id: int
    email: str
    name: str
    role: str
    is_active: bool
    version: int


class UserDeleted(Event):
    """An account is gone; who keeps anything about this user removes it."""

    type: ClassVar[str] = "user.deleted"

    user_id: int
