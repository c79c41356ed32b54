"""One user's right to use one product."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from pydantic import TypeAdapter

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


entitlement_list = TypeAdapter(list[Entitlement])


def encode(entitlement: Entitlement | None) -> bytes:
    """For the cache, where b"null" says that there is none."""
    return orjson.dumps(entitlement)


def decode(content: bytes) -> Entitlement | None:
    """What `encode` made, without checking it again: this is read in every request that needs a subscription."""
    fields = orjson.loads(content)
    if fields is None:
        return None
    if fields["valid_until"] is not None:
        fields["valid_until"] = datetime.fromisoformat(fields["valid_until"])
    return Entitlement(**fields)
