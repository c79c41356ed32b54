"""Errors of authentication and entitlement. A caller learns that a token is not accepted, never why."""

from shared.errors import Forbidden, Unauthenticated, Unavailable


class InvalidToken(Unauthenticated):
    """A valid access token is required."""

    code = "invalid_token"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class AdminRequired(Forbidden):
    """Only an administrator may do this."""

    code = "admin_required"


class SubscriptionRequired(Forbidden):
    """An active subscription is required."""

    code = "subscription_required"


class KeysUnavailable(Unavailable):
    """Tokens cannot be checked at the moment."""

    code = "keys_unavailable"


class SessionsUnavailable(Unavailable):
    """Sessions cannot be ended at the moment."""

    code = "sessions_unavailable"
