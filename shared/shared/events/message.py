"""An event as it arrived, and who handles it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from shared.events.event import Envelope, Event
from shared.events.stream import Fields, to_envelope

if TYPE_CHECKING:
    from shared.events.consumer import Consumer, Subscription


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery. With neither `subscription` nor `problem` it is of a type that this service does not care for."""

    stream: str
    identity: str
    """Redis's id of it in that stream."""
    fields: Fields
    envelope: Envelope | None = None
    subscription: Subscription | None = None
    event: Event | None = None
    problem: str | None = None
    """Why it can never be handled."""

    @property
    def type(self) -> str:
        """The event's type, as far as it is known."""
        return self.fields.get(b"type", b"?").decode(errors="replace")

    @property
    def lane(self) -> tuple[str, str]:
        """What keeps its order: events of the same source and key."""
        return (self.envelope.source, self.envelope.key) if self.envelope else (self.stream, self.identity)

    @classmethod
    def parse(cls, consumer: Consumer, stream: str, identity: str, fields: Fields | None) -> Message:
        """Find out what it is; never raises. Without fields it was trimmed away before anybody had handled it."""
        if not fields:
            return cls(stream, identity, {}, problem="trimmed from its stream before it was handled")
        try:
            envelope = to_envelope(fields)
        except (KeyError, ValueError) as error:
            return cls(stream, identity, fields, problem=f"not an event: {error!r}")
        subscription = consumer.subscriptions.get((envelope.source, envelope.type, envelope.version))
        if subscription is None:
            problem = _unknown_version(consumer, envelope)
            return cls(stream, identity, fields, envelope, problem=problem)
        try:
            event = subscription.model.model_validate_json(envelope.data)
        except ValidationError as error:
            return cls(stream, identity, fields, envelope, subscription, problem=f"invalid data: {error}")
        return cls(stream, identity, fields, envelope, subscription, event)


def _unknown_version(consumer: Consumer, envelope: Envelope) -> str | None:
    known = [
        version
        for source, type_, version in consumer.subscriptions
        if (source, type_) == (envelope.source, envelope.type)
    ]
    return f"version {envelope.version} is not among those known here: {known}" if known else None
