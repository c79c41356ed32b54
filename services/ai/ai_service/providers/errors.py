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
    """The provider gave no reply. `retry_after`, in seconds, if the provider named it."""

    again: ClassVar[bool] = True
    code: ClassVar[str] = "provider_unavailable"
    """Of the run that fails for it."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class ProviderBusy(ProviderError):
    """The provider is overloaded or limits our rate."""


class ProviderDown(ProviderError):
    """The provider could not be reached, or the connection broke."""


class ProviderRefused(ProviderError):
    """The provider refuses this request, and retrying does not help."""

    again = False
    code = "provider_refused"


class ProviderGarbled(ProviderError):
    """The provider's answer does not follow the expected protocol."""

    again = False
    code = "provider_garbled"
