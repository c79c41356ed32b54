"""Nothing outside is called while a transaction is open: whoever waits for Redis or a hash holds no connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from platform_service.auth.passwords import Passwords
from services.platform.tests.factories import PASSWORD, bearer, log_in, make_product, registered
from shared.db.database import Database
from shared.observability import context
from shared.payments.stripe_provider import StripeProvider
from testing.payments import SandboxServer

Calls = list[tuple[str, int]]
"""What was called outside, and how many connections to the database were held then."""
Watch = Callable[[type, str], None]


@pytest.fixture
def calls() -> Calls:
    return []


@pytest.fixture
def watch(committed_client: httpx.AsyncClient, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Writes down the calls of a method that requests make; what runs in the background has its own connections."""
    app: Any = committed_client._transport.app  # type: ignore[attr-defined]
    pool = app.state.runtime.database.primary.sync_engine.pool

    def watch(owner: type, name: str) -> None:
        original = getattr(owner, name)

        async def watched(self: Any, *args: Any, **options: Any) -> Any:
            if context.current.get() is not None:
                calls.append((f"{owner.__name__}.{name}", pool.checkedout()))
            return await original(self, *args, **options)

        monkeypatch.setattr(owner, name, watched)

    return watch


async def test_sessions_are_opened_refreshed_and_ended_without_a_call_outside_of_an_open_transaction(
    committed_client: httpx.AsyncClient, calls: Calls, watch: Watch
) -> None:
    watch(Redis, "execute_command")
    watch(Passwords, "_run")
    client = committed_client
    made = await registered(client)
    tokens = (await log_in(client, made["user"]["email"])).json()
    renewed = (await client.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
    used = await client.post("/api/auth/refresh", json={"refresh_token": f"{'0' * 32}.{'0' * 64}.x"})
    assert used.status_code == 401
    assert (await client.post("/api/auth/logout", headers=bearer(renewed["access_token"]))).status_code == 200
    body = {"current_password": PASSWORD, "new_password": "another password"}
    changed = await client.post("/api/auth/password", json=body, headers=made["headers"])
    headers = bearer(changed.json()["access_token"])
    deleted = await client.request(
        "DELETE", "/api/auth/me", json={"password": "another password"}, headers=headers
    )
    assert deleted.status_code == 200
    assert {name for name, _ in calls} == {"Redis.execute_command", "Passwords._run"}
    assert [call for call in calls if call[1]] == []


async def test_the_payment_provider_is_asked_without_an_open_transaction(
    committed_client: httpx.AsyncClient,
    committed_db: Database,
    sandbox: SandboxServer,
    browser: httpx.AsyncClient,
    calls: Calls,
    watch: Watch,
) -> None:
    asked = ("create_customer", "create_checkout", "get_checkout", "get_subscription")
    for name in asked:
        watch(StripeProvider, name)
    client, product = committed_client, await make_product(committed_db, "coocook")
    made = await registered(client)
    answer = await client.post("/api/payment/checkout", json={"product_id": product}, headers=made["headers"])
    url = answer.json()["checkout_url"]
    await browser.post(url, data={"action": "pay", "card": "4242424242424242"})
    back = await client.get("/api/payment/success", params={"session_id": url.rpartition("/")[2]})
    assert back.status_code == 200
    assert [name.partition(".")[2] for name, _ in calls] == list(asked)
    assert [call for call in calls if call[1]] == []
