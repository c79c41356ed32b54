"""What an event is: its own fields, the envelope it travels in, and the flat message that a Redis stream carries."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """Base of every event; the fields are its data. The producer owns `type` and `schema_version`.

    A producer declares all fields. A consumer declares a model of its own with only the fields that it reads; others
    are ignored, so that a producer may add fields. A change of a field's meaning needs another `schema_version`.
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


MAX_LENGTH: Final = 500_000
"""About 200 MB. What all groups have handled goes much earlier; where a group is so far behind, the relay waits."""
MAX_DEAD: Final = 50_000
"""The consumer stops reading there: a dead letter that is thrown away is a lost event."""

Fields = Mapping[bytes, bytes]


def stream_of(service: str) -> str:
    """Where a service's events are."""
    return f"events:{service}"


def relay_mark_of(service: str) -> str:
    """When the relay last published, according to Redis; if Redis loses its latest data, this is older or gone."""
    return f"events:mark:{service}"


def dead_letters_of(service: str) -> str:
    """Events that a service could not handle."""
    return f"events:dead:{service}"


def replays_of(service: str) -> str:
    """Events for this service alone, to be handled again."""
    return f"events:again:{service}"


def tries_of(service: str) -> str:
    """How often the service has tried to handle an event that failed, by stream and message."""
    return f"events:tries:{service}"


def to_fields(row: Mapping[str, Any], *, source: str) -> dict[str, str | int]:
    """The message for a row of the outbox; `data` is JSON text there."""
    occurred: datetime = row["occurred_at"]
    return {
        "id": str(row["event_id"]),
        "type": row["type"],
        "version": row["version"],
        "occurred_at": occurred.astimezone(UTC).isoformat(),
        "source": source,
        "key": row["key"],
        "trace": row["trace"] or "",
        "data": row["data"],
    }


def to_envelope(fields: Fields) -> Envelope:
    """The reverse. Raises KeyError or ValueError if it is not an event."""
    return Envelope(
        id=UUID(fields[b"id"].decode()),
        type=fields[b"type"].decode(),
        version=int(fields[b"version"]),
        occurred_at=datetime.fromisoformat(fields[b"occurred_at"].decode()),
        source=fields[b"source"].decode(),
        key=fields[b"key"].decode(),
        trace=fields[b"trace"].decode() or None,
        data=fields[b"data"],
    )
