"""One user's right to use one product."""

from dataclasses import dataclass
from datetime import datetime

from shared.clock import utcnow


@dataclass(frozen=True, slots=True)
class Entitlement:
    """`valid_until` None means without an end; `customer` is the payment provider's id of the user."""

    user_id: int
    product: str
    active: bool
    valid_until: datetime | None
    customer: str | None
    version: int

    def holds(self) -> bool:
        """Whether it is good at this moment."""
        return self.active and (self.valid_until is None or self.valid_until > utcnow())
