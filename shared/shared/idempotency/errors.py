"""Why a repeated request is not answered."""

from __future__ import annotations

from typing import Any

from shared.errors import BadRequest, Conflict, Unprocessable


class InvalidIdempotencyKey(BadRequest):
    """The Idempotency-Key must have 1 to 255 printable ASCII characters."""


class IdempotencyKeyReused(Unprocessable):
    """This Idempotency-Key was used for another request."""


class RequestInProgress(Conflict):
    """The same request is still being processed; try again in a moment."""

    def __init__(self, message: str | None = None, **kwargs: Any) -> None:
        super().__init__(message, **{"headers": {"Retry-After": "1"}, **kwargs})
