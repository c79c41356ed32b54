"""The tree of errors that a service answers with; it knows no web framework.

ServiceError
 +- BadRequest           400
 +- Unauthenticated      401
 +- PaymentRequired      402
 +- Forbidden            403
 +- NotFound             404
 +- Conflict             409
 +- PayloadTooLarge      413
 +- Unprocessable        422
 +- TooManyRequests      429
 +- UpstreamFailed       503
 +- Unavailable          503
     +- DeadlineExceeded 503

None is 502 or 504: the gateway takes those for a target that is gone, and a few of them for a reason to ask it no more.

A domain's own errors derive from these: the status is inherited, `code` is the class name in snake_case unless the
class says otherwise, and the docstring's first line is the message that clients see.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request; `field` is its dotted name, such as `items.0.price`."""

    field: str
    message: str


class ServiceError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "service_error"
    default_message: ClassVar[str] = "Something went wrong."

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = _WORD_START.sub("_", cls.__name__).lower()
        if cls.__doc__:
            cls.default_message = cls.__doc__.strip().splitlines()[0]

    def __init__(
        self,
        message: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        """`message` is shown to clients; `extra` becomes further fields of the answer's body."""
        self.message = message or self.default_message
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = extra
        super().__init__(self.message)


class BadRequest(ServiceError):
    """The request cannot be understood."""

    status = 400


class Unauthenticated(ServiceError):
    """Log in to use this."""

    status = 401

    def __init__(self, message: str | None = None, **kwargs: Any) -> None:
        kwargs["headers"] = {"WWW-Authenticate": "Bearer", **(kwargs.get("headers") or {})}
        super().__init__(message, **kwargs)


class PaymentRequired(ServiceError):
    """The payment was refused."""

    status = 402


class Forbidden(ServiceError):
    """You are not allowed to do this."""

    status = 403


class NotFound(ServiceError):
    """This does not exist."""

    status = 404


class Conflict(ServiceError):
    """This conflicts with existing data."""

    status = 409


class PayloadTooLarge(ServiceError):
    """The body is too large."""

    status = 413


class Unprocessable(ServiceError):
    """A field has a value that cannot be used."""

    status = 422


class TooManyRequests(ServiceError):
    """Too many requests; try again later."""

    status = 429

    def __init__(self, message: str | None = None, *, retry_after: float = 1.0, **kwargs: Any) -> None:
        """`retry_after` is in seconds; it is sent rounded up."""
        self.retry_after = retry_after
        super().__init__(message, **_with_retry_after(retry_after, kwargs))


class UpstreamFailed(ServiceError):
    """A service that this one depends on gave an invalid answer."""

    # No Retry-After: it answers the same until somebody has mended something.
    status = 503


class Unavailable(ServiceError):
    """The service cannot answer right now; try again."""

    status = 503

    def __init__(self, message: str | None = None, *, retry_after: float = 1.0, **kwargs: Any) -> None:
        """`retry_after` is in seconds; it is sent rounded up."""
        self.retry_after = retry_after
        super().__init__(message, **_with_retry_after(retry_after, kwargs))


class DeadlineExceeded(Unavailable):
    """The answer took too long and was given up."""


def _with_retry_after(seconds: float, kwargs: dict[str, Any]) -> dict[str, Any]:
    headers = {"Retry-After": str(max(1, math.ceil(seconds))), **(kwargs.get("headers") or {})}
    return {**kwargs, "headers": headers}
