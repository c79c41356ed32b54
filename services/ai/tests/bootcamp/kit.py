"""The bootcamp's plans, as tests ask for them."""

from __future__ import annotations

from typing import Any

import httpx

from services.ai.tests.factories import Person

BASE = "/api/webapp-builder"


async def available(client: httpx.AsyncClient, plan: str = "weekday") -> int:
    plans: dict[str, Any] = (await client.get(f"{BASE}/plans")).json()
    return int(plans[plan]["available"])


async def seats(client: httpx.AsyncClient, number: int, plan: str = "weekday") -> httpx.Response:
    return await Person(client, 1, "admin").put(f"{BASE}/admin/plans/{plan}/seats", {"seats": number})
