"""What others are told about subscriptions."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from shared.events.event import Event


class EntitlementChanged(Event):
    """A user's right to use a product was granted or withdrawn. `version` grows per user and product."""

    type: ClassVar[str] = "entitlement.changed"

    user_id: int
    product: str
    active: bool
    valid_until: datetime | None
    customer: str | None
    version: int
