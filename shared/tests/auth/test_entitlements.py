"""A service's own copy of the users' subscriptions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy.orm import DeclarativeBase
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.auth import entitlement_table
from shared.auth.entitlement_table import Entitlement, decode, encode
from shared.auth.entitlements import EntitlementMixin, Entitlements
from shared.auth.platform_client import PlatformClient
from shared.auth.service_tokens import ServiceTokenVerifier
from shared.cache import Cache
from shared.db.base import metadata
from shared.db.database import Database
from shared.schemas.dates import utcnow
from shared.schemas.json import dumps
from testing import eventually
from testing.serving import bound_socket, serving

SECRET = "a secret of forty characters, or so it was"
COOCOOK = Entitlement(7, "coocook", True, None, "cus_7", 1)


class Base(DeclarativeBase):
    metadata = metadata()


class Table(EntitlementMixin, Base):
    """The table as a service declares it."""


@dataclass
class Platform:
    """The two internal endpoints, with what platform knows; `delay` in seconds makes it slow."""

    known: list[Entitlement] = field(default_factory=list)
    asked: int = 0
    delay: float = 0.0
    status: int = 200
    body: bytes | None = None
    tokens: ServiceTokenVerifier = field(
        default_factory=lambda: ServiceTokenVerifier("platform", {"coocook": SECRET})
    )

    async def one(self, request: Request) -> Response:
        self.asked += 1
        self.tokens.verify(request.headers["Authorization"].removeprefix("Bearer "))
        await asyncio.sleep(self.delay)
        found = [asdict(item) for item in self.known if item.user_id == int(request.path_params["user_id"])]
        return Response(self.body or dumps({"items": found}), self.status)

    async def all(self, request: Request) -> Response:
        """Two rows a page, to have several."""
        self.tokens.verify(request.headers["Authorization"].removeprefix("Bearer "))
        start = int(request.query_params.get("after", "0"))
        page = [asdict(item) for item in self.known[start : start + 2]]
        following = str(start + 2) if start + 2 < len(self.known) else None
        return Response(dumps({"items": page, "next": following}))

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/internal/entitlements/{user_id:int}", self.one),
                Route("/internal/snapshots/entitlements", self.all),
            ]
        )


@pytest.fixture
def migrations() -> Path:
    return Path(__file__).parent.parent / "sample_migrations"


@pytest.fixture
def database_name() -> str:
    return "sample"


@pytest.fixture
async def database(committed_db: Database) -> Database:
    async with committed_db.primary.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return committed_db


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def platform_url(platform: Platform) -> Iterator[str]:
    with bound_socket() as listener, serving(platform.app(), listener) as url:
        yield url


@pytest.fixture
async def opened(
    database: Database, redis_url: str, redis_client: Redis, platform_url: str
) -> AsyncIterator[Callable[[], Any]]:
    """Entitlements of one process each: with a cache and connections of its own."""
    async with AsyncExitStack() as stack:

        async def open_one() -> Entitlements:
            redis = await stack.enter_async_context(Redis.from_url(redis_url))
            cache = Cache(redis, namespace="sample", redis_bytes=1_000_000)
            await cache.start()
            stack.push_async_callback(cache.close)
            http = await stack.enter_async_context(httpx.AsyncClient())
            asks = PlatformClient(http, url=platform_url, service="coocook", secret=SECRET)
            return Entitlements(Table, database, cache, asks)

        yield open_one


@pytest.fixture
async def entitlements(opened: Callable[[], Any]) -> Entitlements:
    found: Entitlements = await opened()
    return found


async def apply(database: Database, entitlements: Entitlements, event: Entitlement) -> bool:
    async with database.session() as session:
        return await entitlements.apply(session, event)


async def test_an_applied_event_lets_in_without_asking_platform(
    database: Database, entitlements: Entitlements, platform: Platform
) -> None:
    assert await apply(database, entitlements, COOCOOK)
    assert await entitlements.check(7, "coocook") == COOCOOK
    assert platform.asked == 0


async def test_warm_it_is_one_look_up_in_memory(
    database: Database, entitlements: Entitlements, query_recorder: Callable[[], Any]
) -> None:
    await apply(database, entitlements, COOCOOK)
    await entitlements.check(7, "coocook")
    with query_recorder() as queries:
        assert await entitlements.check(7, "coocook") == COOCOOK
    assert len(queries) == 0


async def test_who_has_just_paid_is_let_in_before_the_event_arrives(
    entitlements: Entitlements, platform: Platform
) -> None:
    assert await entitlements.check(7, "coocook") is None
    platform.known.append(COOCOOK)
    assert await entitlements.check(7, "coocook") == COOCOOK
    platform.known.clear()
    assert await entitlements.check(7, "coocook") == COOCOOK, "it was stored"
    assert platform.asked == 2


async def test_a_missed_announcement_does_not_keep_out_who_has_paid(
    database: Database, entitlements: Entitlements, platform: Platform
) -> None:
    assert await entitlements.check(7, "coocook") is None
    async with database.session() as session:
        await entitlement_table.store(session, entitlement_table.table_of(Table), [COOCOOK])
    platform.known.append(COOCOOK)
    assert await entitlements.check(7, "coocook") == COOCOOK


async def test_an_event_reaches_the_other_processes_within_milliseconds(
    database: Database, opened: Callable[[], Any]
) -> None:
    api, worker = await opened(), await opened()
    await apply(database, worker, COOCOOK)
    assert await api.check(7, "coocook") == COOCOOK
    ended = replace(COOCOOK, active=False, version=2)
    await apply(database, worker, ended)

    async def denied() -> bool:
        return await api.check(7, "coocook") is None

    await eventually(denied)


@pytest.mark.parametrize(
    "changed",
    [{"active": False}, {"valid_until": utcnow() - timedelta(seconds=1)}],
    ids=["ended", "expired"],
)
async def test_what_has_ended_or_expired_is_denied(
    database: Database, entitlements: Entitlements, platform: Platform, changed: dict[str, Any]
) -> None:
    over = replace(COOCOOK, **changed)
    platform.known.append(over)
    await apply(database, entitlements, over)
    assert await entitlements.check(7, "coocook") is None


async def test_it_expires_by_itself_while_it_is_cached(
    database: Database, entitlements: Entitlements
) -> None:
    short = replace(COOCOOK, valid_until=utcnow() + timedelta(seconds=0.3))
    await apply(database, entitlements, short)
    assert await entitlements.check(7, "coocook") == short

    async def denied() -> bool:
        return await entitlements.check(7, "coocook") is None

    await eventually(denied)


async def test_another_product_or_user_is_denied(database: Database, entitlements: Entitlements) -> None:
    await apply(database, entitlements, COOCOOK)
    assert await entitlements.check(7, "sns-auto") is None
    assert await entitlements.check(8, "coocook") is None


async def test_an_older_event_or_answer_changes_nothing(
    database: Database, entitlements: Entitlements, platform: Platform
) -> None:
    await apply(database, entitlements, replace(COOCOOK, active=False, version=5))
    assert not await apply(database, entitlements, replace(COOCOOK, version=4))
    assert not await apply(database, entitlements, replace(COOCOOK, version=5))
    platform.known.append(replace(COOCOOK, version=3))
    assert await entitlements.check(7, "coocook") is None


async def test_many_requests_of_a_user_ask_once(entitlements: Entitlements, platform: Platform) -> None:
    platform.known.append(COOCOOK)
    platform.delay = 0.1
    answers = await asyncio.gather(*(entitlements.check(7, "coocook") for _ in range(50)))
    assert answers == [COOCOOK] * 50
    assert platform.asked == 1


async def test_one_who_gives_up_waiting_does_not_spoil_it_for_the_others(
    entitlements: Entitlements, platform: Platform
) -> None:
    platform.known.append(COOCOOK)
    platform.delay = 0.1
    first = asyncio.create_task(entitlements.check(7, "coocook"))
    second = asyncio.create_task(entitlements.check(7, "coocook"))

    async def asked() -> bool:
        return platform.asked == 1

    await eventually(asked)
    first.cancel()
    assert await second == COOCOOK


async def test_a_platform_that_is_slow_is_a_denial_after_a_second(
    entitlements: Entitlements, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    platform.known.append(COOCOOK)
    platform.delay = 3
    started = time.perf_counter()
    assert await entitlements.check(7, "coocook") is None
    assert 0.9 < time.perf_counter() - started < 2.5
    assert "could not be asked" in caplog.text


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, None), (404, None), (200, b"{"), (200, b"[]"), (200, b'{"items":[{"user_id":"x"}]}')],
    ids=str,
)
async def test_a_platform_that_answers_nonsense_is_a_denial(
    entitlements: Entitlements, platform: Platform, status: int, body: bytes | None
) -> None:
    platform.known.append(COOCOOK)
    platform.status, platform.body = status, body
    assert await entitlements.check(7, "coocook") is None


async def test_without_platform_who_is_known_is_let_in(
    database: Database, entitlements: Entitlements, platform: Platform
) -> None:
    platform.status = 503
    await apply(database, entitlements, COOCOOK)
    assert await entitlements.check(7, "coocook") == COOCOOK
    assert await entitlements.check(8, "coocook") is None


async def test_answers_about_somebody_else_are_not_stored(
    entitlements: Entitlements, platform: Platform
) -> None:
    platform.body = dumps({"items": [asdict(replace(COOCOOK, user_id=8))]})
    assert await entitlements.check(7, "coocook") is None
    platform.body = dumps({"items": []})
    assert await entitlements.check(8, "coocook") is None


async def test_a_deleted_user_is_forgotten(database: Database, entitlements: Entitlements) -> None:
    await apply(database, entitlements, COOCOOK)
    await entitlements.check(7, "coocook")
    async with database.session() as session:
        await entitlements.forget(session, 7)
    assert await entitlements.check(7, "coocook") is None


async def test_a_transaction_that_fails_changes_nothing(
    database: Database, entitlements: Entitlements
) -> None:
    async def handler() -> None:
        async with database.session() as session:
            await entitlements.apply(session, COOCOOK)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await handler()
    assert await entitlements.check(7, "coocook") is None


async def test_the_copy_is_rebuilt_page_by_page_and_newer_rows_stay(
    database: Database, entitlements: Entitlements, platform: Platform
) -> None:
    await apply(database, entitlements, replace(COOCOOK, user_id=1, active=False, version=9))
    await apply(database, entitlements, replace(COOCOOK, user_id=2, active=False, version=0))
    await entitlements.check(2, "coocook")
    platform.known = [replace(COOCOOK, user_id=number) for number in range(1, 6)]
    assert await entitlements.rebuild() == 4
    platform.status = 503
    answers = [await entitlements.check(number, "coocook") for number in range(1, 6)]
    assert [answer is not None for answer in answers] == [False, True, True, True, True]


def test_what_is_cached_is_what_was_there() -> None:
    until = utcnow()
    for entitlement in (COOCOOK, replace(COOCOOK, valid_until=until, customer=None), None):
        assert decode(encode(entitlement)) == entitlement
