"""A product, as clients know one."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from shared.schemas.money import DecimalNumber


class Product(BaseModel):
    """A product; prices are in `currency`. Without an annual price it is only offered monthly."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    slug: str
    name: str
    description: str | None
    icon: str | None
    monthly_price: DecimalNumber
    annual_price: DecimalNumber | None
    currency: str
