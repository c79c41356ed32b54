"""Who may use what: a token, and the product's own subscription."""

from __future__ import annotations

import httpx
import pytest

from services.ai.tests.factories import (
    STRANGER,
    Person,
)
from testing.rollback import TestDatabase


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/employees"),
        ("POST", "/employees"),
        ("GET", "/employees/1"),
        ("DELETE", "/employees/1"),
        ("POST", "/employees/1/deploy"),
        ("POST", "/employees/1/activate"),
        ("POST", "/employees/1/pause"),
        ("GET", "/employees/1/runs"),
        ("POST", "/employees/1/runs"),
        ("GET", "/employees/1/runs/1"),
        ("GET", "/employees/1/runs/1/events"),
        ("POST", "/employees/1/runs/1/cancel"),
        ("GET", "/dashboard"),
        ("GET", "/analytics"),
        ("GET", "/plan"),
        ("POST", "/api/webapp-builder/enroll"),
        ("GET", "/api/webapp-builder/enrollments"),
        ("GET", "/api/webapp-builder/webapps"),
        ("POST", "/api/webapp-builder/webapps"),
        ("POST", "/api/webapp-builder/webapps/1/deploy"),
        ("GET", "/api/webapp-builder/dashboard"),
    ],
)
async def test_it_needs_a_token_and_a_subscription(client: httpx.AsyncClient, method: str, path: str) -> None:
    url = path if path.startswith("/api") else f"/api/ai-automation{path}"
    assert (await client.request(method, url, json={})).status_code == 401
    refused = await Person(client, STRANGER).call(method, path, {})
    assert (refused.status_code, refused.json()["code"]) == (403, "subscription_required")


async def test_one_products_subscription_does_not_open_the_other(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    from ai_service.schema import Entitlement
    from testing.factories import give_entitlement

    await give_entitlement(db, Entitlement, STRANGER, product="webapp-builder")
    person = Person(client, STRANGER)
    assert (await person.get("/api/webapp-builder/webapps")).status_code == 200
    assert (await person.get("/employees")).status_code == 403
