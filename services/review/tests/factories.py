"""Rows and people for review's tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx

from review_service.campaigns.service import search_document
from review_service.schema import Application, Campaign, Entitlement, Listing, User
from review_service.search_index import documents
from shared.db.database import Database
from shared.schemas.dates import utcnow
from testing.factories import give_entitlement
from testing.tokens import auth_headers

CREATOR = 200
"""The user whose campaigns most tests are about."""
REVIEWER = 100
BODY: dict[str, Any] = {
    "title": "수분 크림 체험단",
    "product_name": "Glow Lab 수분 크림",
    "category": "beauty",
    "reward_type": "product",
    "reward_value": "정품 1개",
    "max_reviewers": 10,
    "description": "겨울 피부를 위한 크림",
}


def ahead(days: float = 7) -> datetime:
    """A moment in so many days."""
    return utcnow() + timedelta(days=days)


def campaign_body(**changes: Any) -> dict[str, Any]:
    """What a creator sends, with a deadline in a week."""
    return {**BODY, "deadline": ahead().isoformat(), **changes}


async def make_campaign(database: Database, creator_id: int = CREATOR, **values: Any) -> int:
    """A campaign's id; it can be found by search while it is open."""
    async with database.session() as session:
        campaign = Campaign(creator_id=creator_id, **{**BODY, "deadline": ahead(), **values})
        session.add(campaign)
        await session.flush()
        if campaign.status == "active":
            await documents.put(session, search_document(campaign))
        return campaign.id


async def make_application(
    database: Database, campaign_id: int, user_id: int = REVIEWER, **values: Any
) -> int:
    """An application's id; its place is counted."""
    async with database.session() as session:
        application = Application(campaign_id=campaign_id, user_id=user_id, **{"message": "me", **values})
        session.add(application)
        campaign = await session.get_one(Campaign, campaign_id)
        campaign.applications_count += 1
        campaign.places_taken += values.get("status") != "rejected"
        await session.flush()
        return application.id


async def make_user(database: Database, user_id: int = REVIEWER, **values: Any) -> None:
    """A user in the copy."""
    defaults = {"name": "Kim", "email": f"user{user_id}@example.com", "version": 1}
    async with database.session() as session:
        session.add(User(id=user_id, **{**defaults, **values}))


async def make_listing(database: Database, site: str = "danggeun", **values: Any) -> int:
    """A listing's id."""
    number = values.pop("number", 1)
    defaults = {
        "external_id": f"x-{number}",
        "title": "동네 체험단",
        "url": f"https://partner.example/{number}",
        "category": "food",
    }
    async with database.session() as session:
        listing = Listing(site=site, **{**defaults, **values})
        session.add(listing)
        await session.flush()
        return listing.id


async def subscribe(database: Database, *user_ids: int) -> None:
    """Let these users use review."""
    for user_id in user_ids:
        await give_entitlement(database, Entitlement, user_id, product="review")


class Person:
    """A user with a token, who calls the service by `client`."""

    def __init__(self, client: httpx.AsyncClient, user_id: int, role: str = "user") -> None:
        self._client = client
        self._headers = auth_headers(user_id, role)

    async def call(self, method: str, path: str, json: Any = None, key: str | None = None) -> httpx.Response:
        """One request below /api/review, or to a path that begins with /api; `key` is its Idempotency-Key."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        content = {} if json is None else {"json": json}
        url = path if path.startswith("/api/") else f"/api/review{path}"
        return await self._client.request(method, url, headers=headers, **content)

    async def get(self, path: str) -> httpx.Response:
        return await self.call("GET", path)

    async def post(self, path: str, json: Any = None, key: str | None = None) -> httpx.Response:
        return await self.call("POST", path, json, key)

    async def put(self, path: str, json: Any) -> httpx.Response:
        return await self.call("PUT", path, json)

    async def patch(self, path: str, json: Any) -> httpx.Response:
        return await self.call("PATCH", path, json)

    async def apply(self, campaign_id: int, key: str | None = None, **more: Any) -> httpx.Response:
        """Apply to a campaign."""
        return await self.post(f"/campaigns/{campaign_id}/apply", {"message": "I would", **more}, key)
