"""Reading what can be subscribed to."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_service.products import schemas
from platform_service.products.models import Product
from shared.db.database import Database
from shared.schemas.json import dumps

TAG: Final = "products"
"""The cache's tag of everything made of products."""

_COLUMNS: Final = tuple(getattr(Product, name) for name in schemas.Product.model_fields)
_OFFERED: Final = select(*_COLUMNS).where(Product.is_active).order_by(Product.id)


async def offered(connection: AsyncConnection) -> list[schemas.Product]:
    """The products on offer, in the order in which they are shown."""
    return [schemas.Product.model_validate(row) for row in await connection.execute(_OFFERED)]


async def products_json(database: Database) -> bytes:
    """The list of products as it goes over the wire."""
    async with database.read() as connection:
        return dumps(await offered(connection))
