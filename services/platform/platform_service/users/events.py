"""What others are told about users. Fields only ever get added; another meaning is another type or version."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class UserRegistered(Event):
    """An account was created."""

    type: ClassVar[str] = "user.registered"

    user_id: int
    email: str
    name: str
    role: str
    is_active: bool = True
    version: int = 1


class UserUpdated(Event):
    """An account's name, e-mail address, role or state changed; `version` counts its changes."""

    type: ClassVar[str] = "user.updated"

    user_id: int
    email: str
    name: str
    role: str
    is_active: bool
    version: int


class UserDeleted(Event):
    """An account was deleted; services that hold data of this user erase it."""

    type: ClassVar[str] = "user.deleted"

    user_id: int
