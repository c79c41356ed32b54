"""What can go wrong when an administrator changes a user."""

from shared.errors import Conflict, NotFound


class UnknownUser(NotFound):
    """There is no such user."""

    code = "unknown_user"


class OwnAccount(Conflict):
    """Administrators do not change their own role or state: the last one would lock everybody out."""

    code = "own_account"
