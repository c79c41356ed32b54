"""Reading what can be subscribed to."""

from __future__ import annotations

from sqlalchemy import select

from platform_service.products.models import Product
from platform_service.products.schemas import product_shape
from platform_service.tables import AnySelect
from shared.db.database import Database
from shared.schemas.json import dumps

TAG = "products"
"""The cache's tag of everything made of products."""


def offered() -> AnySelect:
    """The products on offer, in the order in which they are shown."""
    return (
        select(
            Product.id,
            Product.slug,
            Product.name,
            Product.description,
            Product.icon,
            Product.monthly_price,
            Product.annual_price,
            Product.currency,
        )
        .where(Product.is_active)
        .order_by(Product.id)
    )


async def products_json(database: Database) -> bytes:
    """The list of products as it goes over the wire."""
    async with database.read() as connection:
        return dumps([product_shape(row) for row in await connection.execute(offered())])
