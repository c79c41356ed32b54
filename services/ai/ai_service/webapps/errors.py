"""What can be wrong about a web app.

ServiceError
  404 WebAppNotFound
  409 InvalidTransition, NoAddress, TooManyWebApps
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import Conflict, NotFound


class WebAppNotFound(NotFound):
    """You have no web app with this id."""


class InvalidTransition(Conflict):
    """The web app's status does not allow this change."""

    @classmethod
    def between(cls, current: str, wanted: str, possible: Sequence[str]) -> InvalidTransition:
        """Says what is possible instead."""
        choice = " or ".join(possible)
        return cls(
            f"The web app's status is {current}: it can change to {choice}, not to {wanted}.",
            possible=list(possible),
        )


class NoAddress(Conflict):
    """A web app needs an address to go live; deploy it with a url first."""


class TooManyWebApps(Conflict):
    """You have reached the maximum number of web apps."""
