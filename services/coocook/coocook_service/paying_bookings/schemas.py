"""What clients send and read about payments."""

from __future__ import annotations

from pydantic import BaseModel

from shared.schemas.money import Amount, DecimalNumber
from shared.schemas.types import Request


class Payment(Request):
    """`amount` may be left out; what is sent must be the booking's price, so that nobody pays an outdated one."""

    amount: Amount | None = None


class Paid(BaseModel):
    """A payment that succeeded."""

    message: str
    payment_id: int
    booking_id: int
    amount: DecimalNumber
    currency: str
