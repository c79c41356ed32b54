"""Events as Redis Streams carry them: one flat message each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shared.events.event import Envelope

MAX_LENGTH: Final = 500_000
"""About 200 MB. What all groups have handled goes much earlier; where a group is so far behind, the relay waits."""
MAX_DEAD: Final = 50_000
"""The consumer stops reading there: a dead letter that is thrown away is a lost event."""

Fields = Mapping[bytes, bytes]


def stream_of(service: str) -> str:
    """Where a service's events are."""
    return f"events:{service}"


def mark_of(service: str) -> str:
    """When the relay last published, as Redis knows it; should Redis lose its latest data, this is older or gone."""
    return f"events:mark:{service}"


def dead_of(service: str) -> str:
    """Events that a service could not handle."""
    return f"events:dead:{service}"


def again_of(service: str) -> str:
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
    """The reverse. Raises KeyError or ValueError for what is no event."""
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
