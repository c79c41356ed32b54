"""Where code that measures something tells the trace about it: nobody listens unless a collector is named.

    if spans.listener is not None:
        spans.listener("GET", seconds, {"db.system.name": "redis"}, failed)

It stands below everything that is measured; `shared.observability.tracing` listens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

Attributes = Mapping[str, str | int | float | bool]
"""Never what a user wrote: no parameters of a statement, no query, no address of a person."""


class Listener(Protocol):
    """Is told of what has just ended, a call to something else, in the request or the job that it belongs to."""

    def __call__(self, name: str, seconds: float, attributes: Attributes, failed: bool) -> None: ...


listener: Listener | None = None
