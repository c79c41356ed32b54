"""Networks that hang or talk nonsense, and posts that nobody asks for: no post keeps the others from being measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from fakes.networks.client import Fakes
from services.sns.tests.factories import Person, make_account, make_post
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.accounts.keyring import Keyring
from sns_service.analytics import measuring
from sns_service.analytics.measuring import measure_due
from sns_service.networks.network import Adapter, Metrics, Publication, Published
from sns_service.networks.registry import adapters_with
from sns_service.networks.transport import connect
from sns_service.schema import Post

Answer = Callable[[], Metrics | None]


class Counting:
    """A network that is answered for by the test: by the post's id there, where it says something of it."""

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        self.asked: list[str] = []
        self._answers = answers or {}

    async def measure(self, _credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        self.asked.append(network_id)
        if network_id.startswith("hangs"):
            await asyncio.Event().wait()
        return self._answers.get(network_id, lambda: Metrics(comments=1))()

    async def publish(self, _work: Publication) -> Published:
        raise AssertionError

    async def find(self, _work: Publication) -> Published | None:
        raise AssertionError


@pytest.fixture
def measure(committed_runtime: Runtime) -> Callable[[Adapter], Any]:
    keyring = Keyring(committed_runtime.database, committed_runtime.settings, {})
    return lambda network: measure_due(
        committed_runtime.database, {"blog": network, "instagram": network}, keyring
    )


async def due(database: Database, account_id: int, network_id: str, **values: Any) -> int:
    more = {"measure_at": utcnow() - timedelta(minutes=1), **values}
    return await make_post(database, account_id, status="published", network_id=network_id, **more)


async def post_of(database: Database, post_id: int) -> Post:
    async with database.session() as session:
        return await session.get_one(Post, post_id)


@pytest.fixture
async def blogs(committed_runtime: Runtime, fakes: Fakes) -> AsyncIterator[Mapping[str, Adapter]]:
    http = connect(timeout=2, at_a_time=2, guarded=False)
    yield adapters_with(http, committed_runtime.settings)
    await http.aclose()


async def test_a_site_may_say_any_number(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes, blogs: Mapping[str, Adapter]
) -> None:
    said = {"many": 10**20, "negative": -7, "three": 3}
    account_id = await author.link()
    posts = {name: await author.write(account_id, name) for name in said}
    for name, post_id in posts.items():
        await author.publish(post_id)
        network_id = (await author.becomes(post_id, "published"))["network_id"]
        await fakes.change("wordpress", network_id, counts={"comments": said[name]})
    keyring = Keyring(committed_db, working.settings, {})
    assert await measure_due(working.database, blogs, keyring) == 3
    found = {name: (await author.seen(post_id))["comments"] for name, post_id in posts.items()}
    assert found == {"many": 2**53, "negative": 0, "three": 3}


def broken() -> Metrics:
    raise RuntimeError("ours")


def infinite() -> Metrics:
    return Metrics(comments=int(float("inf")))


async def test_what_nobody_thought_of_is_said_and_the_others_are_measured(
    committed_db: Database, measure: Callable[[Adapter], Any], caplog: pytest.LogCaptureFixture
) -> None:
    account_id = await make_account(committed_db)
    first, second, third = [
        await due(committed_db, account_id, name) for name in ("broken", "infinite", "fine")
    ]
    assert await measure(Counting({"broken": broken, "infinite": infinite})) == 1
    assert (await post_of(committed_db, third)).comments == 1
    for post_id in (first, second):
        again = (await post_of(committed_db, post_id)).measure_at
        assert again is not None
        assert again > utcnow()
    assert [text for text in caplog.messages if "measuring failed" in text] == [
        f"post {first}: measuring failed"
    ]


async def test_a_row_that_cannot_be_written_does_not_keep_the_others_from_it(
    committed_db: Database, measure: Callable[[Adapter], Any]
) -> None:
    async with committed_db.session() as session:
        await session.execute(text("ALTER TABLE posts ADD CONSTRAINT no_13 CHECK (comments <> 13)"))
    account_id = await make_account(committed_db)
    posts = [await due(committed_db, account_id, name) for name in ("a", "thirteen", "b")]
    network = Counting({"thirteen": lambda: Metrics(comments=13)})
    await measure(network)
    assert [(await post_of(committed_db, post_id)).comments for post_id in posts] == [1, 0, 1]
    assert len(network.asked) < 6  # it goes on with what is left, and not for ever


async def test_it_goes_on_while_posts_are_due(
    committed_db: Database, measure: Callable[[Adapter], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "MOST", 2)
    account_id = await make_account(committed_db)
    for number in range(5):
        await due(committed_db, account_id, str(number))
    assert await measure(Counting()) == 5
    assert await measure(Counting()) == 0


async def test_it_ends_when_its_time_is_up(
    committed_db: Database, measure: Callable[[Adapter], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "SECONDS", 0.0)
    post_id = await due(committed_db, await make_account(committed_db), "1")
    network = Counting()
    assert await measure(network) == 0
    assert network.asked == []
    left = (await post_of(committed_db, post_id)).measure_at
    assert left is not None
    assert left < utcnow()


async def test_a_site_that_hangs_costs_the_others_little(
    committed_db: Database, measure: Callable[[Adapter], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "CALL_SECONDS", 0.2)
    hanging, fine = await make_account(committed_db), await make_account(committed_db, "instagram")
    for number in range(40):
        await due(committed_db, hanging, f"hangs {number}")
    post_id = await due(committed_db, fine, "fine", measure_at=utcnow())
    network, began = Counting(), time.monotonic()
    assert await measure(network) == 1
    assert time.monotonic() - began < 4 * 0.2 + 2
    assert (await post_of(committed_db, post_id)).comments == 1
    assert len(network.asked) == measuring.AT_A_TIME + 1
    assert await measure(Counting()) == 0


async def test_posts_of_an_unlinked_account_are_asked_for_no_more(
    author: Person, committed_db: Database, measure: Callable[[Adapter], Any]
) -> None:
    account_id = await author.link()
    post_id = await due(committed_db, account_id, "1", comments=5)
    await author.delete(f"/accounts/{account_id}")
    network = Counting()
    assert await measure(network) == 0
    assert network.asked == []
    post = await post_of(committed_db, post_id)
    assert (post.measure_at, post.comments) == (None, 5)
    async with committed_db.session() as session:
        assert await session.scalar(select(Post.id).where(Post.measure_at.is_not(None))) is None
