"""What review's tests have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

Published = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]

CAMPAIGNS = "/api/review/campaigns"


async def ids(client: httpx.AsyncClient, **query: Any) -> list[int]:
    """The campaigns that a page of the list has, in its order."""
    answer = await client.get(CAMPAIGNS, params=query)
    assert answer.status_code == 200, answer.text
    return [campaign["id"] for campaign in answer.json()["campaigns"]]


async def spots(client: httpx.AsyncClient, campaign_id: int) -> tuple[int, int]:
    """Those that are left, and how many applied."""
    campaign = (await client.get(f"/api/review/campaigns/{campaign_id}")).json()
    return campaign["spots_available"], campaign["applications_count"]
