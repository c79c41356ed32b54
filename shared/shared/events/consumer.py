"""Which events a service handles, and how."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.event import Envelope, Event
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
    """The handlers of one service. `inbox` is its table of events that were handled.

    A handler works in the session it gets, whose commit also marks the event as handled: it takes effect once, however
    often it is delivered. It may be called again after a failure, so what it does outside of that session (calls to
    others) must bear repetition. Handlers should be quick: the transaction may hold several events.
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
