"""What holds for the whole service: its routes, its tables, its development data, its consumers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from services.sns.tests.factories import STRANGER, USER, Person, make_account, make_post, subscribe
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from shared.service import ServiceDefinition
from shared.web.app import create_app
from sns_service.account_deletion import erase
from sns_service.consumers import consumer_of
from sns_service.schema import Account, Post
from sns_service.seed import DEMO_USER, seed
from sns_service.settings import SnsSettings
from testing.app import BASE_SETTINGS
from testing.conformance import ServiceConformance, Walk, telling
from testing.jobs import enqueued
from testing.rollback import TestDatabase
from testing.wrong_input import app_of

tell = telling(consumer_of)


class TestConformance(ServiceConformance):
    tasks = ("posts.publish", "users.erase")
    schedules = ("posts.sweep", "posts.measure", "accounts.renew", "forget_old_answers")

    @pytest.fixture
    async def walk(
        self, client: httpx.AsyncClient, db: TestDatabase, auth_headers: Callable[..., dict[str, str]]
    ) -> Walk:
        await subscribe(db, USER)
        await make_post(db, await make_account(db))
        paths = _paths(app_of(client))
        alias = {f"{method} {path}" for path, methods in paths if "sns-auto" in path for method in methods}
        assert alias
        return Walk(client, auth_headers(USER), skip=alias)


def _paths(app: Any) -> list[tuple[str, set[str]]]:
    from fastapi.routing import iter_route_contexts

    return [(route.path or "", set(route.methods or ())) for route in iter_route_contexts(app.routes)]


async def test_the_alias_has_the_same_routes_and_answers_alike(
    definition: ServiceDefinition, runtime: Runtime, client: httpx.AsyncClient, db: TestDatabase
) -> None:
    paths = _paths(create_app(definition, runtime.settings, runtime))
    plain = {path for path, _ in paths if path.startswith("/api/sns/")}
    alias = {path for path, _ in paths if path.startswith("/api/sns-auto/")}
    assert {path.replace("/api/sns-auto/", "/api/sns/") for path in alias} == plain
    await subscribe(db, USER)
    one, other = Person(client, USER), Person(client, USER, "/api/sns-auto")
    post_id = await other.write(await other.link())
    for path in ("/accounts", "/posts", f"/posts/{post_id}", "/templates", "/analytics", "/posts/0"):
        first, second = await one.get(path), await other.get(path)
        assert (first.status_code, _without_ids(first)) == (second.status_code, _without_ids(second))


def _without_ids(answer: httpx.Response) -> Any:
    body = answer.json()
    if isinstance(body, dict):
        body.pop("request_id", None)
        body.pop("trace_id", None)
    return body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/accounts"),
        ("POST", "/accounts"),
        ("DELETE", "/accounts/1"),
        ("GET", "/posts"),
        ("POST", "/posts"),
        ("POST", "/posts/bulk"),
        ("POST", "/posts/1/publish"),
        ("POST", "/posts/1/retry"),
        ("DELETE", "/posts/1"),
        ("GET", "/analytics"),
    ],
)
async def test_all_but_templates_needs_a_token_and_a_subscription(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    assert (await client.request(method, f"/api/sns{path}", json={})).status_code == 401
    refused = await Person(client, USER).call(method, path, {})
    assert (refused.status_code, refused.json()["code"]) == (403, "subscription_required")
    assert refused.json()["product"] == "sns-auto"
    assert (await Person(client, USER).get("/templates")).status_code == 200
    assert (await client.get("/api/sns/templates")).status_code == 401


async def test_a_subscription_lets_in_and_its_end_shuts_out(
    runtime: Runtime, client: httpx.AsyncClient
) -> None:
    told = {"user_id": USER, "product": "sns-auto", "valid_until": None, "customer": None}
    await tell(runtime, "entitlement.changed", **told, active=True, version=1)
    assert (await Person(client, USER).get("/posts")).status_code == 200
    await tell(runtime, "entitlement.changed", **told, active=False, version=2)
    assert (await Person(client, USER).get("/posts")).status_code == 403


async def test_when_a_user_is_gone_nothing_of_them_is_left_or_published(
    runtime: Runtime, client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await subscribe(db, USER, STRANGER)
    person, stranger = Person(client, USER), Person(client, STRANGER)
    account_id = await person.link(credentials={"username": "a", "application_password": "b"})
    await make_post(db, account_id, status="published")
    post_id = await person.write(account_id)
    await person.publish(post_id, (utcnow() + timedelta(days=1)).isoformat())
    kept = await stranger.write(await stranger.link())
    for _ in range(2):
        await tell(runtime, "user.deleted", user_id=USER)
    assert await enqueued(db) == [("users.erase", {"user_id": USER})]
    await erase(runtime.database, user_id=USER)
    async with db.session() as session:
        assert list(await session.scalars(select(Post.id))) == [kept]
        assert list(await session.scalars(select(Account.user_id))) == [STRANGER]
    assert (await person.get("/posts")).status_code == 403
    assert (await stranger.get("/posts")).status_code == 200


async def test_the_seed_gives_the_demo_user_something_to_show_and_does_it_once(
    client: httpx.AsyncClient, runtime: Runtime, db: TestDatabase
) -> None:
    for _ in range(2):
        await seed(runtime)
    await subscribe(db, DEMO_USER)
    accounts = (await Person(client, DEMO_USER).get("/accounts")).json()
    assert [account["platform"] for account in accounts] == ["blog", "instagram"]
    async with db.session() as session:
        assert await session.scalar(select(func.count()).select_from(Post)) == 1


def test_production_refuses_networks_in_the_clear_and_wrong_keys() -> None:
    production = {
        **BASE_SETTINGS,
        "environment": "production",
        "database_url": "postgresql://a@b/c",
        "redis_url": "redis://a",
        "instagram_url": "http://127.0.0.1:8121/instagram",
    }
    with pytest.raises(ValidationError, match="INSTAGRAM_URL: must be https"):
        SnsSettings(**production, credential_keys="x" * 43 + "=")
    with pytest.raises(ValidationError, match="YOUTUBE_OAUTH_URL: must be https"):
        SnsSettings(
            **{**production, "instagram_url": "https://a.test", "youtube_oauth_url": "http://a.test"},
            credential_keys="x" * 43 + "=",
        )
    for wrong in ("", "abc", "abc,def"):
        with pytest.raises(ValidationError, match="Fernet key"):
            SnsSettings(**production, credential_keys=wrong)


@pytest.mark.parametrize(
    ("rates", "problem"),
    [
        ({"blogs": 5}, "unknown network: blogs"),
        ({"blog": 0}, "greater than 0"),
        ({"blog": -1}, "greater than 0"),
    ],
)
def test_a_rate_is_of_a_network_that_there_is_and_above_nothing(
    rates: dict[str, float], problem: str
) -> None:
    settings = {**BASE_SETTINGS, "database_url": "postgresql://a@b/c", "redis_url": "redis://a"}
    with pytest.raises(ValidationError, match=problem):
        SnsSettings(**settings, credential_keys="x" * 43 + "=", network_rates=rates)


@pytest.mark.parametrize(
    ("given", "pair"),
    [
        ({"youtube_client_id": "a"}, "YOUTUBE_CLIENT_ID and YOUTUBE_CLIENT_SECRET"),
        ({"tiktok_client_secret": "a"}, "TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET"),
        ({"twitter_client_id": "a"}, "TWITTER_CLIENT_ID and TWITTER_CLIENT_SECRET"),
    ],
)
def test_half_a_client_is_none(given: dict[str, str], pair: str) -> None:
    settings = {**BASE_SETTINGS, "database_url": "postgresql://a@b/c", "redis_url": "redis://a", **given}
    with pytest.raises(ValidationError, match=f"{pair}: set both or neither"):
        SnsSettings(**settings, credential_keys="x" * 43 + "=")
