"""Any process may die at any moment: no post is lost and none appears twice, counted at the networks."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from fakes.networks.client import Fakes
from testing import eventually
from tests.conftest import RunningStack
from tests.stack.driver import SmallStack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

POSTS = {"blog": 400, "instagram": 60, "tiktok": 30, "youtube_shorts": 10, "twitter": 20}
TEMPLATE = {
    "blog": "blog_post",
    "instagram": "card_news",
    "tiktok": "card_news",
    "youtube_shorts": "shorts",
    "twitter": "card_news",
}
KILLS = ((40, "sns-worker"), (180, "postgres"), (260, "valkey"), (330, "sns-worker"))
"""What is killed once so many posts are public; sns-api is killed between two orders."""
ONE_BY_ONE = 100
"""So many are ordered by a request each, while the process that takes the requests is killed."""


class Author:
    """The demo user, whose app asks again when an answer got lost."""

    def __init__(self, stack: RunningStack) -> None:
        self._demo = stack.users["demo"]
        self.http = httpx.AsyncClient(base_url=stack.gateway, timeout=15)
        self.mark = secrets.token_hex(4)
        self.asked_again = 0

    async def log_in(self) -> None:
        body = {"email": self._demo["email"], "password": self._demo["password"]}
        answer = await self.http.post("/api/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    async def ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """The answer, once there is one."""
        key = {"Idempotency-Key": secrets.token_hex(8)}

        async def answer() -> httpx.Response | None:
            with suppress(httpx.TransportError):
                got = await self.http.request(method, f"/api/sns{path}", headers=key, **content)
                if got.status_code < 500:
                    return got
            self.asked_again += 1
            return None

        found = await eventually(answer, within=40, every=0.1)
        assert found is not None
        return found

    async def write_all(self) -> tuple[list[int], list[int]]:
        """The ids of what is to be published by itself, and of the drafts that are ordered one by one."""
        posts: list[dict[str, Any]] = []
        for platform, count in POSTS.items():
            linked = await self.ask(
                "POST", "/accounts", json={"platform": platform, "account_name": self.mark}
            )
            posts += [
                {
                    "account_id": linked.json()["id"],
                    "content": f"{self.mark} {platform} {number}.",
                    "template_type": TEMPLATE[platform],
                    "scheduled_at": datetime.now(UTC).isoformat(),
                }
                for number in range(count)
            ]
        for draft in posts[:ONE_BY_ONE]:
            del draft["scheduled_at"]
        written = await self.ask("POST", "/posts/bulk", json={"posts": posts})
        assert written.status_code == 201, written.text
        ids = written.json()["ids"]
        return ids[ONE_BY_ONE:], ids[:ONE_BY_ONE]

    async def order(self, drafts: list[int]) -> None:
        slots = asyncio.Semaphore(10)

        async def one(post_id: int) -> None:
            async with slots:
                answer = await self.ask("POST", f"/posts/{post_id}/publish")
                assert answer.status_code in {202, 409}, answer.text  # 409: the first answer got lost

        await asyncio.gather(*map(one, drafts))

    async def posts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for page in range(1, 8):
            answer = await self.ask("GET", f"/posts?per_page=100&page={page}")
            found += [post for post in answer.json()["posts"] if post["account_name"] == self.mark]
        return found


@pytest.fixture
async def fakes(stack: RunningStack) -> AsyncIterator[Fakes]:
    """Slow networks: a request takes a second, and the post is public in the middle of it."""
    async with httpx.AsyncClient(base_url=f"{stack.networks}/_fake/", timeout=10) as http:
        fakes = Fakes(http)
        await fakes.reset()
        await fakes.set(before=0.5, after=0.5)
        yield fakes
        await fakes.reset()


@pytest.fixture
async def author(stack: RunningStack) -> AsyncIterator[Author]:
    author = Author(stack)
    await author.log_in()
    yield author
    await author.http.aclose()


async def order_while_the_api_dies(stack: RunningStack, author: Author, drafts: list[int]) -> None:
    await author.order(drafts[: ONE_BY_ONE // 2])
    SmallStack(stack.directory).kill("sns-api")
    before = author.asked_again
    await author.order(drafts[ONE_BY_ONE // 2 :])
    assert author.asked_again > before


async def kill_in_turn(stack: RunningStack, fakes: Fakes) -> None:
    for count, part in KILLS:
        await eventually(fakes.posts, within=60, every=0.05, until=lambda posts: len(posts) >= count)  # noqa: B023
        SmallStack(stack.directory).kill(part)


async def test_posts_appear_once_or_say_why_not_whatever_is_killed(
    stack: RunningStack, author: Author, fakes: Fakes
) -> None:
    scheduled, drafts = await author.write_all()
    await asyncio.gather(kill_in_turn(stack, fakes), order_while_the_api_dies(stack, author, drafts))

    async def under_way() -> list[dict[str, Any]]:
        return [post for post in await author.posts() if post["status"] not in {"published", "failed"}]

    await eventually(under_way, within=90, every=0.5, until=lambda left: not left)
    posts = {post["content"]: post for post in await author.posts()}
    assert len(posts) == len(scheduled) + len(drafts) == sum(POSTS.values())
    public = Counter(_plain(post["content"]) for post in await fakes.posts())
    assert {content: count for content, count in public.items() if count > 1} == {}
    published = {content for content, post in posts.items() if post["status"] == "published"}
    assert published <= public.keys()
    failed = [post for post in posts.values() if post["status"] == "failed"]
    # Only of TikTok nobody can know: there the post says so, and whether it is public or not, it is so once.
    assert {(post["platform"], post["failure_code"]) for post in failed} <= {("tiktok", "outcome_unknown")}
    assert public.keys() - published <= {post["content"] for post in failed}


def _plain(content: str) -> str:
    return content.removeprefix("<p>").removesuffix("</p>")
