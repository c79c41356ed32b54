"""Errors of authentication and entitlement. A caller learns that a token is not accepted, never why."""

from __future__ import annotations

from shared.errors import Forbidden, Unauthenticated, Unavailable


class InvalidToken(Unauthenticated):
    """A valid access token is required."""


class AdminRequired(Forbidden):
    """Only an administrator may do this."""


class ServiceNotAllowed(Forbidden):
    """This service may not call this endpoint."""

    code = "service_not_allowed"


class SubscriptionRequired(Forbidden):
    """An active subscription is required."""


class KeysUnavailable(Unavailable):
    """Tokens cannot be checked at the moment."""


class SessionsUnavailable(Unavailable):
    """Sessions cannot be ended at the moment."""
