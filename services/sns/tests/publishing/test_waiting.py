"""What is no failure: a network that is busy or at work; and what is one in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from fakes.networks.client import Fakes
from services.sns.tests.factories import Person, at, change_post
from services.sns.tests.kit import Workplace, quick
from shared.db.database import Database
from shared.jobs.worker import drain
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.networks.errors import (
    Busy,
    FailedThere,
    NetworkError,
    Refused,
    Unavailable,
    Working,
    handed_over,
)
from sns_service.networks.network import Adapter, Publication, Published
from sns_service.posts.errors import with_next_step
from sns_service.publishing.claims import NOT_ASKED
from sns_service.worker import build_jobs
from testing import eventually

pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")


class Scripted:
    """A network that answers one thing after the other, and counts how it was asked."""

    def __init__(self, *answers: NetworkError | Published | None) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        self.seen: list[dict[str, Any]] = []

    async def publish(self, work: Publication) -> Published:
        self.asked.append("publish")
        self.seen.append(dict(work.progress))
        await work.keep(id=len(self.asked))
        found = self._next()
        assert found is not None
        return found

    async def find(self, work: Publication) -> Published | None:
        self.asked.append("find")
        return self._next()

    def _next(self) -> Published | None:
        answer = self._answers.pop(0)
        if isinstance(answer, NetworkError):
            raise answer
        return answer

    async def measure(self, *_: Any) -> None:
        return None


@pytest.fixture
def publishing(author: Person, committed_runtime: Runtime) -> Callable[[Scripted], Any]:
    """`await publishing(network)`: the post that was published there, as far as it came."""

    async def publish(network: Adapter) -> dict[str, Any]:
        post_id = await author.ordered(name=str(id(network)))
        await drain(quick(build_jobs(committed_runtime, {"blog": network})), committed_runtime)
        return await author.seen(post_id)

    return publish


async def test_a_network_at_work_is_asked_again_and_no_try_is_lost(publishing: Any) -> None:
    network = Scripted(*(Working("at work", retry_after=0.01) for _ in range(6)), Published("1"))
    post = await publishing(network)
    assert (post["status"], post["tries"]) == ("published", 0)
    assert network.asked == ["publish"] * 7


async def test_what_the_network_has_already_is_looked_for_before_it_is_sent_again(publishing: Any) -> None:
    with pytest.raises(Unavailable) as raised, handed_over():
        raise Unavailable("away")
    network = Scripted(raised.value, None, Published("1"))
    assert (await publishing(network))["status"] == "published"
    assert network.asked == ["publish", "find", "publish"]


async def test_what_was_refused_when_the_network_had_it_says_so(publishing: Any, author: Person) -> None:
    with pytest.raises(Refused) as raised, handed_over():
        raise Refused("no access")
    post = await publishing(Scripted(raised.value))
    assert post["status"] == "failed"
    assert "It may have been published" in post["failure"]
    answer = await author.patch(f"/posts/{post['id']}", {"content": "Other words"})
    assert (answer.status_code, answer.json()["code"]) == (409, "may_be_public")


async def test_what_failed_there_is_begun_anew_where_that_helps(publishing: Any) -> None:
    network = Scripted(FailedThere("their fault", again=True), Published("1"))
    post = await publishing(network)
    assert (post["status"], post["tries"]) == ("published", 1)
    assert network.seen == [NOT_ASKED, NOT_ASKED]


async def test_a_retry_of_what_failed_there_begins_anew(
    publishing: Any, author: Person, committed_runtime: Runtime
) -> None:
    post = await publishing(Scripted(FailedThere("no")))
    assert (post["status"], post["failure"]) == ("failed", with_next_step("refused", "no"))
    assert (await author.post(f"/posts/{post['id']}/retry")).status_code == 202
    again = Scripted(Published("1"))
    await drain(quick(build_jobs(committed_runtime, {"blog": again})), committed_runtime)
    assert (await author.seen(post["id"]))["status"] == "published"
    assert again.seen == [NOT_ASKED]


@pytest.mark.parametrize("kind", [Busy, Working])
async def test_a_post_does_not_wait_for_ever(
    author: Person, committed_runtime: Runtime, committed_db: Database, kind: type[Busy | Working]
) -> None:
    class Later(Scripted):
        """After the first answer three days go by."""

        async def publish(self, work: Publication) -> Published:
            if self.asked:
                await change_post(committed_db, post_id, begun_at=utcnow() - timedelta(days=4))
            return await super().publish(work)

    post_id = await author.ordered()
    network = Later(*[kind("wait", retry_after=0.01) for _ in range(3)])
    await drain(quick(build_jobs(committed_runtime, {"blog": network})), committed_runtime)
    post = await author.seen(post_id)
    assert (post["status"], post["failure_code"]) == ("failed", "unavailable")
    assert post["failure"] == with_next_step("unavailable", "After 3 days: wait")
    assert network.asked == ["publish"] * 3


async def test_what_was_due_long_ago_is_waited_for_all_the_same(
    author: Person, committed_runtime: Runtime, committed_db: Database
) -> None:
    """No worker ran, or the network was paused: of that its posts do not fail."""
    post_id = await author.ordered()
    await change_post(
        committed_db, post_id, due_at=utcnow() - timedelta(days=9), begun_at=utcnow() - timedelta(days=9)
    )
    network = Scripted(Busy("wait", retry_after=0.01), Published("1"))
    await drain(quick(build_jobs(committed_runtime, {"blog": network})), committed_runtime)
    assert (await author.seen(post_id))["status"] == "published"


async def test_an_attempt_that_takes_too_long_is_counted(
    author: Person, committed_runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(Scripted):
        async def publish(self, work: Publication) -> Published:
            self.asked.append("publish")
            await asyncio.sleep(60)
            raise AssertionError

    monkeypatch.setattr("sns_service.publishing.publisher.ATTEMPT_SECONDS", 0.05)
    network = Endless(*[None] * 10)
    post_id = await author.ordered()
    await drain(quick(build_jobs(committed_runtime, {"blog": network})), committed_runtime)
    post = await author.seen(post_id)
    assert (post["status"], post["tries"]) == ("failed", 4)
    assert "Publishing took too long." in post["failure"]
    assert network.asked == ["publish", "find"] * 3 + ["publish"]


@pytest.mark.parametrize("said", ["bad \ud800", "nul \x00", "x" * 5000])
async def test_whatever_a_network_says_can_be_written_down(publishing: Any, said: str) -> None:
    post = await publishing(Scripted(Published(said, said)))
    assert post["status"] == "published"
    assert (await publishing(Scripted(Refused(said))))["status"] == "failed"


async def test_of_several_pauses_of_an_account_the_longest_counts(
    author: Person, workplace: Workplace, fakes: Fakes
) -> None:
    account_id = await author.link()
    posts = [await author.write(account_id) for _ in range(3)]
    for post_id, seconds in zip(posts, ("5", "3600", "5"), strict=True):
        await fakes.fault("wordpress", "status", status=429, retry_after=seconds)
        await author.publish(post_id)

    async def busy() -> int:
        return [(await author.seen(post_id))["failure_code"] for post_id in posts].count("busy")

    async with workplace():
        await eventually(busy, until=lambda count: count == 3)
    paused = (await author.get(f"/accounts/{account_id}")).json()["paused_until"]
    assert at(paused) > utcnow() + timedelta(minutes=50)


async def test_new_credentials_lift_a_pause_of_an_hour_within_minutes(
    author: Person, workplace: Workplace, committed_db: Database, fakes: Fakes
) -> None:
    await fakes.fault("wordpress", "status", status=429, retry_after="3600")
    post_id = await author.ordered()
    async with workplace():
        await eventually(lambda: author.seen(post_id), until=lambda post: post["failure_code"] == "busy")
        for _ in range(2):  # as its network said so, and as its account is found paused
            await eventually(
                lambda: _comes_back(committed_db), until=lambda left: left > timedelta(minutes=4)
            )
            assert await _comes_back(committed_db) <= timedelta(minutes=5)
            async with committed_db.session() as session:
                await session.execute(text("UPDATE pgqueuer SET execute_after = now()"))


async def _comes_back(database: Database) -> timedelta:
    """In how long the post's job does; nothing while it runs."""
    async with database.session() as session:
        query = text("SELECT execute_after - now() FROM pgqueuer WHERE status = 'queued'")
        left: timedelta | None = (await session.execute(query)).scalar()
        return left or timedelta(0)


async def test_posts_of_one_account_leave_places_for_others(
    author: Person, workplace: Workplace, fakes: Fakes
) -> None:
    await fakes.set(before=0.6)
    slow = await author.link(name="slow")
    posts = [await author.write(slow, f"Slow {number}") for number in range(30)]
    for post_id in posts:
        await author.publish(post_id)
    async with workplace(publish_at_a_time=40):
        other = await author.ordered(name="other", content="Quick")
        await author.becomes(other, "published")
        assert "publishing" in {(await author.seen(post_id))["status"] for post_id in posts}
        for post_id in posts:
            await author.becomes(post_id, "published")
    assert len(await fakes.posts()) == 31
