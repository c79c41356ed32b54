"""What campaigns, crawls and listings are bounded by."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from review_service.campaigns import service as campaigns
from review_service.crawls.storing import forget_old
from review_service.schema import Crawl, Listing
from services.review.tests.factories import (
    CREATOR,
    Person,
    campaign_body,
    make_campaign,
    make_listing,
    subscribe,
)
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase


async def test_a_creator_has_so_many_campaigns(
    client: httpx.AsyncClient, db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "MAX_CAMPAIGNS", 2)
    await subscribe(db, CREATOR)
    await make_campaign(db, status="closed")
    await make_campaign(db, CREATOR + 1)
    person = Person(client, CREATOR)
    assert (await person.post("/campaigns", campaign_body())).status_code == 201
    answer = await person.post("/campaigns", campaign_body())
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "limit_reached", 2)


async def test_crawls_and_retired_listings_are_forgotten_when_they_are_old(
    db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review_service.crawls.storing.FORGOTTEN_AT_A_TIME", 2)
    now = utcnow()
    shown = await make_listing(db, number=1)
    retired = await make_listing(db, number=2, retired_at=now - timedelta(days=100))
    for number in range(3, 8):
        await make_listing(db, number=number, retired_at=now - timedelta(days=200))
    async with db.session() as session:
        for days in (1, 100, 101):
            ended = now - timedelta(days=days)
            session.add(Crawl(site="danggeun", status="succeeded", started_by="x", finished_at=ended))
        session.add(Crawl(site="danggeun", status="running", started_by="x"))
    assert await forget_old(db) == 7
    async with db.session() as session:
        assert list(await session.scalars(select(Listing.id).order_by(Listing.id))) == [shown, retired]
        assert len(list(await session.scalars(select(Crawl.id)))) == 2
