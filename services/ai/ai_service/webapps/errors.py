"""What can be wrong about a web app.

ServiceError
  404 WebAppNotFound
  409 InvalidTransition, NoAddress, TooManyWebApps
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import Conflict, NotFound


class WebAppNotFound(NotFound):
    """There is no such web app of yours."""


class InvalidTransition(Conflict):
    """The web app's status cannot change like this."""

    @classmethod
    def between(cls, current: str, wanted: str, possible: Sequence[str]) -> InvalidTransition:
        """Says what is possible instead."""
        choice = " or ".join(possible)
        return cls(
            f"The web app is in the status {current}: it can become {choice}, not {wanted}.",
            possible=list(possible),
        )


class NoAddress(Conflict):
    """A web app goes live at an address: deploy it with a url first."""


class TooManyWebApps(Conflict):
    """You have as many web apps as one may have."""
