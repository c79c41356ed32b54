"""What reads answer is what their routes declare: most of it is written as bytes, which no schema has checked."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter

from services.review.tests.crawls.kit import queue
from services.review.tests.factories import (
    CREATOR,
    REVIEWER,
    Person,
    make_application,
    make_campaign,
    make_listing,
    make_user,
    subscribe,
)
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase
from testing.wrong_input import app_of

REVIEW, EXPERIENCE = "/api/review", "/api/experience"
READS = {
    f"{REVIEW}/campaigns": "campaigns",
    f"{REVIEW}/campaigns/{{campaign_id}}": "",
    f"{REVIEW}/my-campaigns": "",
    f"{REVIEW}/campaigns/{{campaign_id}}/applications": "",
    f"{REVIEW}/my-applications": "",
    f"{REVIEW}/search": "campaigns",
    f"{REVIEW}/suggest": "suggestions",
    f"{EXPERIENCE}/listings": "data",
    f"{EXPERIENCE}/listings/{{listing_id}}": "",
    f"{EXPERIENCE}/stats": "sites",
    f"{EXPERIENCE}/categories": "categories",
    f"{EXPERIENCE}/sites": "sites",
    f"{EXPERIENCE}/crawls": "",
}
"""Each read, and the field of its answer in which the rows stand; empty: the answer itself."""


def declared(client: httpx.AsyncClient) -> dict[str, Any]:
    """The schema of each read's answer."""
    found = dict[str, Any]()
    for context in iter_route_contexts(app_of(client).routes):
        path, route = context.path or "", context.original_route
        if (
            isinstance(route, APIRoute)
            and "GET" in (route.methods or ())
            and path.startswith((REVIEW, EXPERIENCE))
        ):
            found[path] = route.response_model
    return found


def test_every_read_is_checked_here(client: httpx.AsyncClient) -> None:
    assert declared(client).keys() == READS.keys()


@pytest.mark.parametrize(("path", "rows"), READS.items())
async def test_a_read_answers_exactly_what_its_route_declares(
    client: httpx.AsyncClient, db: TestDatabase, path: str, rows: str
) -> None:
    await subscribe(db, CREATOR)
    await make_user(db, CREATOR)
    campaign_id = await make_campaign(db)
    await make_application(db, campaign_id, CREATOR, sns_link="https://sns.example/me")
    await make_application(db, await make_campaign(db, REVIEWER), CREATOR, status="rejected")
    listing_id = await make_listing(db, deadline=utcnow().replace(year=2190))
    await queue(db, "danggeun", status="succeeded", finished_at=utcnow())
    url = path.format(campaign_id=campaign_id, listing_id=listing_id)
    query = "?q=크림" if path.endswith(("/search", "/suggest")) else ""
    answer = await Person(client, CREATOR, "admin").get(url + query)
    assert answer.status_code == 200, answer.text
    assert answer.json()[rows] if rows else answer.json(), "there is nothing to check"
    TypeAdapter(declared(client)[path]).validate_json(answer.content, strict=True, extra="forbid")
