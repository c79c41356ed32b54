"""What an event is: its own fields, and the envelope it travels in."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """Base of every event; the fields are its data. The producer owns `type` and `schema_version`.

    A producer declares all fields. A consumer declares a model of its own with only those that it reads: others are
    ignored, so that a producer may add fields. What changes a field's meaning is another `schema_version`.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: ClassVar[str]
    """`subject.happened`, such as `user.deleted`."""
    schema_version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Envelope:
    """How an event arrives."""

    id: UUID
    """The same at every delivery."""
    type: str
    version: int
    """The event's `schema_version`."""
    occurred_at: datetime
    source: str
    """The service that published it."""
    key: str
    """Events with the same key arrive in the order of their commits."""
    trace: str | None
    """W3C traceparent of what caused it."""
    data: bytes
    """The event's fields as JSON."""


def new_id() -> UUID:
    """A UUID version 7: later ones sort later, so that an index over them grows at one end."""
    random = int.from_bytes(os.urandom(10))
    milliseconds = time.time_ns() // 1_000_000
    value = (
        (milliseconds << 80) | (0x7 << 76) | ((random >> 68) << 64) | (0b10 << 62) | (random & (2**62 - 1))
    )
    return UUID(int=value)
