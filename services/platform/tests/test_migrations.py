"""What a migration makes of the rows that are there."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from services.platform.tests.factories import make_product
from shared.db import migrate
from shared.db.database import Database
from shared.service import ServiceDefinition

BEFORE_PRICES_WERE_LOOKED_AT = "20261130121000"


async def test_a_price_of_before_that_cannot_be_charged_stays_and_a_new_one_is_refused(
    committed_db: Database, definition: ServiceDefinition
) -> None:
    await migrate.downgrade(committed_db.url, definition.migrations, revision=BEFORE_PRICES_WERE_LOOKED_AT)
    older = await make_product(committed_db, monthly="29", annual=None, currency="XYZ")
    await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)
    rows = await committed_db.fetch("SELECT id, currency FROM products")
    assert [(row["id"], row["currency"]) for row in rows] == [(older, "XYZ")]
    with pytest.raises(IntegrityError, match="ck_products_currency"):
        await make_product(committed_db, monthly="29", annual=None, currency="XYZ")
    await make_product(committed_db, monthly="29", annual=None, currency="EUR")
