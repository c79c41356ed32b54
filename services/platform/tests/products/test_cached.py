"""The list of products, read again."""

from __future__ import annotations

import httpx

from services.platform.tests.factories import make_product
from shared.runtime import Runtime
from testing.rollback import TestDatabase


async def test_a_second_read_needs_no_query_and_a_bumped_tag_does(
    client: httpx.AsyncClient, runtime: Runtime, db: TestDatabase
) -> None:
    from platform_service.products.service import TAG
    from testing.recorder import record_queries

    await make_product(db, "coocook")
    first = await client.get("/api/platform/products")
    with record_queries() as queries:
        for path in ("/api/platform/products", "/api/payment/plans"):
            again = await client.get(path)
            assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert queries == []
    await make_product(db, "review")
    await runtime.cache.invalidate(TAG)
    assert [one["slug"] for one in (await client.get("/api/payment/plans")).json()] == ["coocook", "review"]
