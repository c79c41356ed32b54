"""Why a language model gave no reply. Messages name the provider and a code, never what it said: that may hold a key.

ProviderError
 +- ProviderBusy     429 and overload: again, when the provider says
 +- ProviderDown     5xx, timeouts, connections that broke: again, later
 +- ProviderRefused  a wrong key, an unknown model, a request that it does not take, no quota left: not again
 +- ProviderGarbled  what it sends is not its protocol: not again, since the next call would be paid for as well
"""

from __future__ import annotations

from typing import ClassVar


class ProviderError(Exception):
    """The provider gave no reply. `retry_after` in seconds, where it said so."""

    again: ClassVar[bool] = True
    code: ClassVar[str] = "provider_unavailable"
    """Of the run that fails for it."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class ProviderBusy(ProviderError):
    """It has too much to do."""


class ProviderDown(ProviderError):
    """It could not be reached, or broke off."""


class ProviderRefused(ProviderError):
    """It will not do this, however often it is asked."""

    again = False
    code = "provider_refused"


class ProviderGarbled(ProviderError):
    """It does not speak the protocol that is expected of it."""

    again = False
    code = "provider_garbled"
