"""Which events a service handles and how, and an event as it arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.event import Envelope, Event, Fields, to_envelope
from shared.events.tables import InboxMixin

E = TypeVar("E", bound=Event)
Handler = Callable[[AsyncSession, E, Envelope], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler: what it takes, and from whom."""

    source: str
    model: type[Event]
    handler: Handler[Any]


class Consumer:
    """The handlers of one service. `inbox` is its table of handled events.

    A handler works in the session it gets, whose commit also marks the event as handled: it takes effect once, however
    often it is delivered. It may be called again after a failure, so anything that it does outside that session (calls
    to others) must be repeatable. Handlers should be quick: the transaction may hold several events.
    """

    def __init__(self, service: str, *, inbox: type[InboxMixin]) -> None:
        self.service = service
        self.inbox = inbox
        self.subscriptions: dict[tuple[str, str, int], Subscription] = {}

    def on(self, model: type[E], *, source: str) -> Callable[[Handler[E]], Handler[E]]:
        """Registers `async def handler(session, event, envelope)` for events of `source`.

        Raises ValueError when the type and version have a handler already.
        """
        key = (source, model.type, model.schema_version)

        def register(handler: Handler[E]) -> Handler[E]:
            if key in self.subscriptions:
                raise ValueError(f"there are two handlers of {model.type} of {source}")
            self.subscriptions[key] = Subscription(source, model, handler)
            return handler

        return register

    @property
    def sources(self) -> list[str]:
        """The services whose events it reads."""
        return sorted({source for source, _, _ in self.subscriptions})


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery. Without `subscription` and `problem`, this service does not handle its type."""

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
    def ordering_key(self) -> tuple[str, str]:
        """What keeps its order: events of the same source and key."""
        return (self.envelope.source, self.envelope.key) if self.envelope else (self.stream, self.identity)

    @classmethod
    def parse(cls, consumer: Consumer, stream: str, identity: str, fields: Fields | None) -> Message:
        """Find out what it is; never raises. Without fields it was trimmed away before it was handled."""
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
