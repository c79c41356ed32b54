"""What holds for the whole service."""

from collections.abc import Generator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.platform.tests.factories import make_product, registered
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from testing.jobs import run_every_schedule
from testing.rollback import TestDatabase


def app_of(client: httpx.AsyncClient) -> FastAPI:
    app: FastAPI = client._transport.app  # type: ignore[attr-defined]
    return app


async def test_every_route_says_who_may_call_it(client: httpx.AsyncClient) -> None:
    from shared.web.routes import undeclared_routes

    assert undeclared_routes(app_of(client)) == []


async def test_wrong_input_is_a_4xx_that_names_the_field(
    committed_client: httpx.AsyncClient, committed_db: Any, auth_headers: Any
) -> None:
    from testing.wrong_input import assert_no_route_breaks

    await make_product(committed_db)
    user = await registered(committed_client)
    headers = auth_headers(user["user"]["id"], "admin")
    await assert_no_route_breaks(committed_client, app_of(committed_client), headers)


async def test_wrong_input_by_a_service_is_a_4xx_too(
    committed_client: httpx.AsyncClient, service_headers: Any
) -> None:
    from testing.wrong_input import assert_no_route_breaks

    class FreshToken(httpx.Auth):
        """One for each request: those for snapshots are good for one."""

        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            path = request.url.path.removeprefix("/internal/")
            scope = path if path.startswith("snapshots") else "entitlements"
            request.headers.update(service_headers(scope, "review"))
            yield request

    committed_client.auth = FreshToken()
    await assert_no_route_breaks(committed_client, app_of(committed_client), {})


async def test_the_models_and_the_migrations_agree(db: TestDatabase) -> None:
    from platform_service.schema import Base
    from shared.db.migrate import check

    assert await check(db.url, Base.metadata) == []


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


async def test_everything_that_the_clock_starts_can_be_done(
    definition: ServiceDefinition, committed_runtime: Runtime
) -> None:
    assert "jobs.purge_log" in await run_every_schedule(definition, committed_runtime)
