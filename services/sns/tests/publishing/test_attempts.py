"""Processes die, stop and are overtaken: only a post's latest attempt counts, and its job is always with somebody."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from fakes.networks.client import Fakes
from services.sns.tests.factories import Person
from services.sns.tests.kit import Workplace
from shared.db.database import Database
from shared.jobs import Postponed
from shared.runtime import Runtime
from sns_service.accounts.keyring import Keyring
from sns_service.networks.network import Publication, Published, Tokens
from sns_service.networks.registry import adapters_with
from sns_service.networks.transport import connect
from sns_service.publishing.claims import Claimed, Later, PublicationClaim, claim
from sns_service.publishing.outcomes import Outcome, settle
from sns_service.publishing.publisher import Publisher
from testing import eventually

pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")


async def test_a_worker_that_died_after_the_network_said_yes_leaves_one_post(
    author: Person, workplace: Workplace, committed_runtime: Runtime, fakes: Fakes
) -> None:
    post_id = await author.ordered()
    await died_after_publishing(committed_runtime, post_id)
    assert len(await fakes.posts()) == 1
    async with workplace():
        await author.becomes(post_id, "published")
    assert len(await fakes.posts()) == 1


async def died_after_publishing(runtime: Runtime, post_id: int) -> None:
    """An attempt that ends without a word, right after the network has the post."""
    http = connect(timeout=2, at_a_time=2, guarded=False)
    claimed = await taken_up(runtime, post_id)
    work = Publication(
        claimed.token,
        claimed.content,
        claimed.template,
        claimed.media,
        {"username": "a", "application_password": "b"},
    )
    await adapters_with(http, runtime.settings)["blog"].publish(work)
    await http.aclose()


async def taken_up(runtime: Runtime, post_id: int, publication_version: int = 1, wait: float = 0) -> Claimed:
    (claimed,) = await claim(
        runtime.database,
        [PublicationClaim(post_id, publication_version)],
        rates={},
        lookup_after=timedelta(seconds=wait),
    )
    assert isinstance(claimed, Claimed)
    return claimed


async def test_while_an_attempt_may_still_arrive_nobody_takes_its_post_up(
    author: Person, committed_runtime: Runtime
) -> None:
    post_id = await author.ordered()
    await taken_up(committed_runtime, post_id)
    (later,) = await claim(
        committed_runtime.database,
        [PublicationClaim(post_id, 1)],
        rates={},
        lookup_after=timedelta(seconds=30),
    )
    assert isinstance(later, Later)
    assert timedelta(seconds=28) < later.delay <= timedelta(seconds=30)


async def test_a_late_worker_cannot_write_over_a_newer_attempt(
    author: Person, committed_runtime: Runtime
) -> None:
    post_id = await author.ordered()
    zombie = await taken_up(committed_runtime, post_id)
    newer = await taken_up(committed_runtime, post_id)
    assert (newer.attempt, newer.outcome_unknown) == (zombie.attempt + 1, True)
    late = Outcome(zombie, "failed", code="refused", reason="late")
    assert await settle(committed_runtime.database, [late]) == [False]
    done = Outcome(newer, "published", network_id="7")
    assert await settle(committed_runtime.database, [done]) == [True]
    assert await settle(committed_runtime.database, [done, late]) == [False, False]
    assert (await author.seen(post_id))["network_id"] == "7"


class Stuck:
    """A network that is answered for by the test."""

    def __init__(self) -> None:
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    async def publish(self, _work: Publication) -> Published:
        self.asked.set()
        await self.answer.wait()
        return Published("1")

    async def find(self, _work: Publication) -> Published | None:
        raise AssertionError

    async def measure(self, _credentials: Any, _network_id: str) -> None:
        raise AssertionError


async def test_the_job_of_a_worker_that_was_overtaken_stays_for_the_other(
    author: Person, committed_runtime: Runtime
) -> None:
    post_id = await author.ordered()
    network = Stuck()
    publisher = Publisher(
        committed_runtime.database,
        committed_runtime.settings,
        {"blog": network},
        Keyring(committed_runtime.database, committed_runtime.settings, {}),
        backoff=lambda _: timedelta(0),
    )
    await overtake(publisher, committed_runtime, post_id, network)


class SlowExchange:
    """Access that is renewed when the test says so."""

    early = timedelta(minutes=5)

    def __init__(self) -> None:
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    def can_renew(self, _credentials: Any) -> bool:
        return True

    async def renew(self, _credentials: Any) -> Tokens:
        self.asked.set()
        await self.answer.wait()
        return Tokens("new")


async def overtake(publisher: Publisher, runtime: Runtime, post_id: int, stuck: Stuck | SlowExchange) -> None:
    """Publishes the post; while that is stuck another worker takes it up, and the job is left to that one."""
    slow = asyncio.create_task(publisher.publish(post_id, 1))
    await stuck.asked.wait()
    await taken_up(runtime, post_id)
    stuck.answer.set()
    with pytest.raises(Postponed, match="another worker"):
        await slow


async def test_who_was_overtaken_while_access_was_renewed_sends_nothing(
    author: Person, committed_runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sns_service.publishing.publisher.LOOK_AGAIN_SECONDS", 0)
    past = {"access_token": "old", "refresh_token": "r", "expires_at": "2020-01-01T00:00:00Z"}
    account_id = await author.link("tiktok", credentials=past)
    post_id = await author.write(account_id, "Once only", "card_news")
    await author.publish(post_id)
    network, exchange, settings = Stuck(), SlowExchange(), committed_runtime.settings
    keyring = Keyring(committed_runtime.database, settings, {"tiktok": exchange})
    publisher = Publisher(
        committed_runtime.database, settings, {"tiktok": network}, keyring, backoff=lambda _: timedelta(0)
    )
    network.answer.set()
    await overtake(publisher, committed_runtime, post_id, exchange)
    assert not network.asked.is_set()


async def test_a_job_that_comes_again_finds_nothing_to_do(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes
) -> None:
    post_id = await author.ordered()
    await author.becomes(post_id, "published")
    assert await claim(
        committed_db, [PublicationClaim(post_id, 1)] * 2, rates={}, lookup_after=timedelta(0)
    ) == [
        None,
        None,
    ]
    assert len(await fakes.posts()) == 1


async def test_a_stopped_worker_hands_its_posts_over(
    author: Person, workplace: Workplace, fakes: Fakes
) -> None:
    await fakes.set(before=1.5)  # longer than a worker that is stopped waits for its jobs
    account_id = await author.link()
    posts = [await author.write(account_id, f"Post {number}") for number in range(10)]
    for post_id in posts:
        await author.publish(post_id)

    async def under_way() -> bool:
        return await fakes.requests("wordpress") > 0

    patient = {"network_timeout_seconds": 3.0, "lookup_after_seconds": 2.0}
    async with workplace(**patient):
        await eventually(under_way)
    assert "published" not in {(await author.seen(post_id))["status"] for post_id in posts}
    await fakes.set(before=0)
    async with workplace(**patient):
        for post_id in posts:
            await author.becomes(post_id, "published")
    assert len(await fakes.posts()) == 10
