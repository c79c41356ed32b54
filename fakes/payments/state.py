"""What every part of the running sandbox shares, and the failures that tests order:
`POST /_sandbox/faults {"path": "/v1/payment_intents", "mode": "drop_answer"}`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from fakes.payments import objects
from fakes.payments.store import Store
from fakes.payments.webhooks import Webhooks

Json = dict[str, Any]
Mode = Literal["drop_answer", "slow", "error_500", "decline"]
MODES: Final = get_args(Mode)


@dataclass(slots=True)
class Fault:
    """Happens to the next `times` requests of this method and path.

    drop_answer: the work is done and the connection closed. slow: the answer comes `seconds` after the work.
    error_500: nothing is done. decline: the bank says no.
    """

    path: str
    mode: Mode
    method: str = "POST"
    times: int = 1
    seconds: float = 2.0


@dataclass(slots=True)
class Faults:
    """The failures that are still to happen."""

    ordered: list[Fault] = field(default_factory=list)

    def take(self, method: str, path: str) -> Fault | None:
        """The failure of this request, if one was ordered; counted off."""
        for fault in self.ordered:
            if fault.method == method and fault.path == path:
                fault.times -= 1
                if fault.times <= 0:
                    self.ordered.remove(fault)
                return fault
        return None


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
