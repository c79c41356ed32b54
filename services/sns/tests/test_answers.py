"""What reads answer is what their routes declare: lists are written as bytes, which no schema has checked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter

from services.sns.tests.factories import USER, Person, make_account, make_post, subscribe
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase
from testing.wrong_input import app_of

PREFIXES = ("/api/sns", "/api/sns-auto")
READS = {
    "/accounts": "",
    "/accounts/{account_id}": "",
    "/posts": "posts",
    "/posts/{post_id}": "",
    "/templates": "",
    "/analytics": "platform_breakdown",
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
            and path.startswith(tuple(f"{prefix}/" for prefix in PREFIXES))
        ):
            found[path] = route.response_model
    return found


@pytest.fixture
async def ids(db: TestDatabase) -> dict[str, int]:
    """A subscriber's rows: a post of each status; an account with all that there can be, and one without."""
    await subscribe(db, USER)
    now = utcnow()
    account_id = await make_account(db, credentials="sealed", paused_until=now + timedelta(hours=1))
    youtube_id = await make_account(db, "youtube_shorts", linked_as="youtube")
    await make_post(db, account_id, content="x" * 200, media_urls=["https://cdn.example.com/a.jpg"])
    await make_post(db, youtube_id, status="scheduled", scheduled_at=now, due_at=now)
    await make_post(db, account_id, status="publishing")
    await make_post(db, youtube_id, status="failed")
    post_id = await make_post(db, account_id, status="published", url="https://kim.example/1", views=3)
    return {"account_id": account_id, "post_id": post_id}


def test_every_read_is_checked_here(client: httpx.AsyncClient) -> None:
    assert declared(client).keys() == {f"{prefix}{path}" for prefix in PREFIXES for path in READS}


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(("path", "rows"), READS.items())
async def test_a_read_answers_exactly_what_its_route_declares(
    client: httpx.AsyncClient, ids: dict[str, int], prefix: str, path: str, rows: str
) -> None:
    answer = await Person(client, USER, prefix).get(path.format(**ids))
    assert answer.status_code == 200, answer.text
    assert answer.json()[rows] if rows else answer.json(), "there is nothing to check"
    schema = TypeAdapter(declared(client)[f"{prefix}{path}"])
    schema.validate_json(answer.content, strict=True, extra="forbid")
