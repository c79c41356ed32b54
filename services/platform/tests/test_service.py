"""What holds for the whole service."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import httpx
import pytest

from services.platform.tests.factories import make_product, registered
from testing.conformance import ServiceConformance, Walk
from testing.wrong_input import app_of, assert_no_route_breaks


class TestConformance(ServiceConformance):
    tasks = ("subscriptions.cancel_at_provider", "payments.undo_checkout", "sessions.end")
    schedules = (
        "forget_old_answers",
        "keys.retire",
        "payments.forget_webhooks",
        "payments.settle",
        "sessions.purge",
        "subscriptions.expire",
    )
    sources = ()

    @pytest.fixture
    async def walk(self, committed_client: httpx.AsyncClient, committed_db: Any, auth_headers: Any) -> Walk:
        await make_product(committed_db)
        user = await registered(committed_client)
        return Walk(committed_client, auth_headers(user["user"]["id"], "admin"))


async def test_wrong_input_by_a_service_is_a_4xx_too(
    committed_client: httpx.AsyncClient, service_headers: Any
) -> None:
    class FreshToken(httpx.Auth):
        """One for each request: those for snapshots are good for one."""

        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            path = request.url.path.removeprefix("/internal/")
            scope = path if path.startswith("snapshots") else "entitlements"
            request.headers.update(service_headers(scope, "review"))
            yield request

    committed_client.auth = FreshToken()
    await assert_no_route_breaks(committed_client, app_of(committed_client), {})


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/platform/dashboard", "/api/payment/history"])
async def test_without_a_token_it_is_401(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["/api/platform/admin/users", "/api/platform/admin/revenue"])
async def test_what_is_for_administrators_is_403_for_others(
    client: httpx.AsyncClient, auth_headers: Any, path: str
) -> None:
    assert (await client.get(path, headers=auth_headers(1))).status_code == 403


async def test_a_token_for_users_opens_nothing_internal(client: httpx.AsyncClient, auth_headers: Any) -> None:
    for headers in (dict[str, str](), auth_headers(1, "admin")):
        assert (await client.get("/internal/entitlements/1", headers=headers)).status_code == 401
