"""What every part of the running sandbox shares."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from fakes.payments import objects
from fakes.payments.faults import Faults
from fakes.payments.store import Store
from fakes.payments.webhooks import Webhooks

Json = dict[str, Any]


@dataclass(slots=True)
class Sandbox:
    """`url` is where browsers reach it; `api_key` None takes any key of Stripe's form."""

    store: Store
    webhooks: Webhooks
    url: str
    api_key: str | None = None
    faults: Faults = field(default_factory=Faults)

    def announce(self, kind: str, thing: Json) -> str:
        """Record an event and send it on its way. The event's id."""
        event = self.store.save(objects.event(kind, thing, int(time.time())))
        self.webhooks.queue(event["id"])
        identity: str = event["id"]
        return identity
