"""What can go wrong when keys are replaced."""

from __future__ import annotations

from shared.errors import Conflict, NotFound, Unavailable


class UnknownKey(NotFound):
    """There is no signing key with this id."""

    code = "unknown_key"


class WrongKeyStatus(Conflict):
    """This signing key is not in the state that this step requires."""

    code = "wrong_key_status"


class NoActiveKey(Unavailable):
    """No signing key is active."""

    code = "no_active_key"
