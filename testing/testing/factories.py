"""Rows that every service's tests need."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert

from shared.auth.entitlements import EntitlementMixin
from shared.db.database import Database


async def give_entitlement(
    database: Database,
    table: type[EntitlementMixin],
    user_id: int,
    *,
    product: str,
    active: bool = True,
    valid_until: datetime | None = None,
    customer: str | None = "cus_demo_test",
    version: int = 1,
) -> None:
    """Lets the user use the product, as platform's event would."""
    async with database.session() as session:
        await session.execute(
            insert(table).values(
                user_id=user_id,
                product=product,
                active=active,
                valid_until=valid_until,
                customer=customer,
                version=version,
            )
        )
