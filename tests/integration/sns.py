"""An author's way, by the gateway alone: from an account to the analytics of its posts."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx

from fakes.networks.client import Fakes
from testing import eventually
from tests.integration.customer import Person

SEOUL = timezone(timedelta(hours=9))


class Author:
    """Somebody with SNS Auto, who looks at what became of their posts."""

    def __init__(self, person: Person) -> None:
        self.http = person.http
        self.mark = secrets.token_hex(4)

    async def expect(self, status: int, method: str, path: str, **content: Any) -> Any:
        answer = await self.http.request(method, f"/api/sns{path}", **content)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def link(self, platform: str, **more: Any) -> int:
        body = {"platform": platform, "account_name": f"{platform} {self.mark}", **more}
        return int((await self.expect(201, "POST", "/accounts", json=body))["id"])

    async def write(self, account_id: int, content: str, template: str) -> int:
        body = {"account_id": account_id, "content": content, "template_type": template}
        return int((await self.expect(201, "POST", "/posts", json=body))["id"])

    async def becomes(self, post_id: int, status: str) -> dict[str, Any]:
        async def seen() -> dict[str, Any]:
            page = await self.expect(200, "GET", "/posts")
            return next(post for post in page["posts"] if post["id"] == post_id)

        return await eventually(seen, within=15, every=0.1, until=lambda post: post["status"] == status)


async def author_journey(platform: Any) -> None:
    """Posts at once and later, and a failure made good. `platform` also has `networks`, the fake ones' URL."""
    demo = platform.users["demo"]
    async with (
        await Person.log_in(platform.gateway, demo["email"], demo["password"]) as person,
        httpx.AsyncClient(base_url=f"{platform.networks}/_fake/", timeout=10) as http,
    ):
        fakes = Fakes(http)
        await fakes.reset()
        await _publish_in_every_way(Author(person), fakes)


async def _publish_in_every_way(author: Author, fakes: Fakes) -> None:
    assert "card_news" in await author.expect(200, "GET", "/templates")
    instagram = await author.link("instagram")
    blog = await author.link("blog", credentials={"username": "kim", "application_password": "wrong"})
    assert {instagram, blog} <= {account["id"] for account in await author.expect(200, "GET", "/accounts")}

    card = await author.write(instagram, f"Card {author.mark}", "card_news")
    state = await author.expect(202, "POST", f"/posts/{card}/publish", json={})
    assert state["status"] == "publishing"
    await author.becomes(card, "published")

    due = datetime.now(UTC) + timedelta(seconds=3)
    later = await author.write(instagram, f"Later {author.mark}", "card_news")
    body = {"scheduled_at": due.astimezone(SEOUL).isoformat()}
    state = await author.expect(200, "POST", f"/posts/{later}/publish", json=body)
    assert state["status"] == "scheduled"
    await author.becomes(later, "published")
    public = next(post for post in await fakes.posts() if post["content"] == f"Later {author.mark}")
    assert 0 <= public["at"] - due.timestamp() < 1

    essay = await author.write(blog, f"Essay {author.mark}", "blog_post")
    await author.expect(202, "POST", f"/posts/{essay}/publish")
    failed = await author.becomes(essay, "failed")
    assert failed["failure_code"] == "credentials_rejected"
    right = {"credentials": {"username": "kim", "application_password": "right"}}
    await author.expect(200, "PATCH", f"/accounts/{blog}", json=right)
    await author.expect(202, "POST", f"/posts/{essay}/retry")
    await author.becomes(essay, "published")

    await author.expect(409, "DELETE", f"/posts/{card}")
    contents = [post["content"] for post in await fakes.posts() if author.mark in post["content"]]
    assert contents == [f"Card {author.mark}", f"Later {author.mark}", f"<p>Essay {author.mark}</p>"]
    found = await author.expect(200, "GET", "/analytics")
    assert found["total_posts"] >= 3
    assert {row["platform"] for row in found["platform_breakdown"]} >= {"instagram", "blog"}
    alias = await author.http.get("/api/sns-auto/analytics")
    assert alias.json() == found
