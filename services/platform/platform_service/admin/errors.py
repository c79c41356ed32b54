"""What can go wrong when an administrator changes a user."""

from __future__ import annotations

from shared.errors import Conflict, NotFound


class UnknownUser(NotFound):
    """There is no user with this id."""

    code = "unknown_user"


class OwnAccount(Conflict):
    """Administrators cannot change their own role or state, so that the last one cannot lock everybody out."""

    code = "own_account"
