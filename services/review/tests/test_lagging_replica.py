"""Reads from a replica that lags without anybody having noticed yet: a real primary, a real replica, replay paused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from review_service.definition import definition as review
from services.review.tests.factories import CREATOR, REVIEWER, Person, campaign_body, make_user, subscribe
from services.review.tests.kit import CAMPAIGNS
from shared.cache import redis_tier
from shared.db.database import Database
from shared.db.migrate import upgrade
from shared.db.replica import Replica
from testing import eventually
from testing.servers import Pair, replicated
from testing.service_fixtures import ClientFactory


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with replicated(tmp_path_factory.mktemp("pair")) as both:
        yield both


@pytest.fixture
async def database(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """On both, with a replica that replays nothing any more, and that is trusted all the same."""
    primary_url, replica_url = pair.primary.url(), pair.replica.url()
    await upgrade(primary_url, review.migrations, say=lambda _: None)
    database, replica = Database(primary_url, replica_url=replica_url), Database(replica_url)
    for user_id in (CREATOR, REVIEWER):
        await subscribe(database, user_id)
        await make_user(database, user_id)
    await eventually(lambda: _knows(replica, REVIEWER), within=10)
    async with replica.read() as connection:
        await connection.execute(text("SELECT pg_wal_replay_pause()"))
    monkeypatch.setattr(Replica, "usable", lambda _self: True)
    yield database
    async with replica.read() as connection:
        await connection.execute(text("SELECT pg_wal_replay_resume()"))
    await replica.close()
    await database.close()


async def _knows(replica: Database, user_id: int) -> bool:
    async with replica.read() as connection:
        if await connection.scalar(text("SELECT to_regclass('users')")) is None:
            return False
        found = await connection.scalar(text("SELECT count(*) FROM users WHERE id = :id"), {"id": user_id})
    return bool(found)


async def titles(client: httpx.AsyncClient, path: str = CAMPAIGNS, **query: Any) -> list[str]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [campaign["title"] for campaign in answer.json()["campaigns"]]


async def test_what_somebody_has_just_written_shows_at_once_everywhere(
    client_for: ClientFactory, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client_for(review, database) as client:
        creator, reviewer = Person(client, CREATOR), Person(client, REVIEWER)
        assert await titles(client) == []
        campaign_id = (await creator.post(CAMPAIGNS, json=campaign_body(title="촉촉한 크림"))).json()["id"]
        assert await titles(client) == ["촉촉한 크림"]
        assert await titles(client, "/api/review/search", q="크림") == ["촉촉한 크림"]
        applied = await reviewer.post(f"{CAMPAIGNS}/{campaign_id}/apply", json={"message": "me"})
        assert applied.status_code == 201, applied.text
        shown = (await client.get(f"{CAMPAIGNS}/{campaign_id}")).json()
        assert shown["spots_available"] == campaign_body()["max_reviewers"] - 1
        mine = (await reviewer.get("/api/review/my-applications")).json()
        assert [application["campaign_id"] for application in mine] == [campaign_id]

        # The test can fail: what nobody has written for a while is read from the replica, which knows nothing of it.
        monkeypatch.setattr(redis_tier, "SETTLED_MS", 0)
        assert await titles(client, per_page=7) == []
