"""What clients make up and nobody else asks for is not kept for others."""

from __future__ import annotations

import httpx
import pytest
from redis.asyncio import Redis

from services.review.tests.factories import make_campaign
from shared.schemas.keyset import encode_cursor
from testing.rollback import TestDatabase

MADE_UP = {
    "words": "/api/review/search?q=made up {number}",
    "searches' pages": "/api/review/search?q=a&cursor={three}",
    "deadlines": "/api/review/search?q=a&deadline_from=2030-01-01T00:00:{number}",
    "beginnings": "/api/review/suggest?q=made up {number}",
    "categories": "/api/review/campaigns?category={number}",
    "cursors": "/api/review/campaigns?cursor={one}",
    "campaigns": "/api/review/campaigns/{number}",
    "listings' categories": "/api/experience/listings?category={number}",
    "listings' sites": "/api/experience/listings?site={number}",
    "listings' pages": "/api/experience/listings?page={number}",
    "listings": "/api/experience/listings/{number}",
}


@pytest.mark.parametrize("kind", MADE_UP)
async def test_what_one_client_asks_for_once_leaves_nothing_in_redis(
    client: httpx.AsyncClient, db: TestDatabase, redis_client: Redis, kind: str
) -> None:
    await make_campaign(db)
    await client.get("/api/review/suggest", params={"q": "unheard of"})
    keys = await redis_client.dbsize()
    for number in range(10, 50):
        one, three = encode_cursor(number * 10**6), encode_cursor(number, number, number)
        answer = await client.get(MADE_UP[kind].format(number=number, one=one, three=three))
        assert answer.status_code in {200, 404}, answer.text
    # What all these pages have in common, such as the count of a list, is asked for again and may be there.
    assert await redis_client.dbsize() <= keys + 3
