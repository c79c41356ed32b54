"""A product, as clients know one."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class Product(BaseModel):
    """A product; prices are in `currency`. Without an annual price it is only offered monthly."""

    id: int
    slug: str
    name: str
    description: str | None
    icon: str | None
    monthly_price: float
    annual_price: float | None
    currency: str


def product_shape(row: Any) -> dict[str, Any]:
    """The fields of `Product`, of a row that has them."""
    return {
        "id": row.id,
        "slug": row.slug,
        "name": row.name,
        "description": row.description,
        "icon": row.icon,
        "monthly_price": row.monthly_price,
        "annual_price": row.annual_price,
        "currency": row.currency,
    }
