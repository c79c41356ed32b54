"""Rows and people for sns' tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import select, update

from shared.db.database import Database
from shared.schemas.dates import utcnow
from sns_service.schema import Account, Entitlement, Post
from testing import eventually
from testing.factories import give_entitlement
from testing.tokens import auth_headers

USER = 100
STRANGER = 101
TEMPLATE = {
    "blog": "blog_post",
    "instagram": "card_news",
    "tiktok": "card_news",
    "youtube_shorts": "shorts",
    "twitter": "card_news",
}


async def subscribe(database: Database, *user_ids: int) -> None:
    """Let these users use SNS Auto."""
    for user_id in user_ids:
        await give_entitlement(database, Entitlement, user_id, product="sns-auto")


async def make_account(database: Database, platform: str = "blog", user_id: int = USER, **values: Any) -> int:
    """An account's id."""
    async with database.session() as session:
        account = Account(user_id=user_id, platform=platform, **{"account_name": f"my {platform}", **values})
        session.add(account)
        await session.flush()
        return account.id


async def make_post(database: Database, account_id: int, user_id: int = USER, **values: Any) -> int:
    """A post's id; a draft unless told otherwise."""
    if values.get("status") == "published":
        values = {"published_at": utcnow(), "network_id": "1", **values}
    if values.get("status") == "failed":
        values = {"failure_code": "refused", "failure": "no", **values}
    async with database.session() as session:
        platform = await session.scalar(select(Account.platform).where(Account.id == account_id))
        defaults = {"content": "Hello", "template_type": TEMPLATE[str(platform)]}
        post = Post(user_id=user_id, account_id=account_id, **{**defaults, **values})
        session.add(post)
        await session.flush()
        return post.id


async def change_post(database: Database, post_id: int, **values: Any) -> None:
    async with database.session() as session:
        await session.execute(update(Post).where(Post.id == post_id).values(**values))


def at(text: str) -> datetime:
    """A moment that the service answered with."""
    return datetime.fromisoformat(text).astimezone(UTC)


class Person:
    """A user with a token, who calls the service by `client`."""

    def __init__(self, client: httpx.AsyncClient, user_id: int, prefix: str = "/api/sns") -> None:
        self.client = client
        self._headers = auth_headers(user_id)
        self._prefix = prefix

    async def call(self, method: str, path: str, json: Any = None, key: str | None = None) -> httpx.Response:
        """One request below /api/sns; `key` is its Idempotency-Key."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        content = {} if json is None else {"json": json}
        return await self.client.request(method, f"{self._prefix}{path}", headers=headers, **content)

    async def get(self, path: str) -> httpx.Response:
        return await self.call("GET", path)

    async def post(self, path: str, json: Any = None, key: str | None = None) -> httpx.Response:
        return await self.call("POST", path, json, key)

    async def patch(self, path: str, json: Any) -> httpx.Response:
        return await self.call("PATCH", path, json)

    async def delete(self, path: str) -> httpx.Response:
        return await self.call("DELETE", path)

    async def link(self, platform: str = "blog", name: str = "mine", **more: Any) -> int:
        answer = await self.post("/accounts", {"platform": platform, "account_name": name, **more})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def write(
        self, account_id: int, content: str = "Hello", template: str = "blog_post", **more: Any
    ) -> int:
        body = {"account_id": account_id, "content": content, "template_type": template, **more}
        answer = await self.post("/posts", body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def publish(self, post_id: int, scheduled_at: str | None = None) -> dict[str, Any]:
        body = {"scheduled_at": scheduled_at} if scheduled_at else {}
        answer = await self.post(f"/posts/{post_id}/publish", body)
        assert answer.status_code in {200, 202}, answer.text
        state: dict[str, Any] = answer.json()
        return state

    async def ordered(self, platform: str = "blog", content: str = "Once only", *, name: str = "mine") -> int:
        """A post of a new account, to be published now."""
        post_id = await self.write(await self.link(platform, name), content, TEMPLATE[platform])
        await self.publish(post_id)
        return post_id

    async def seen(self, post_id: int) -> dict[str, Any]:
        answer = await self.get(f"/posts/{post_id}")
        assert answer.status_code == 200, answer.text
        post: dict[str, Any] = answer.json()
        return post

    async def becomes(self, post_id: int, *statuses: str, within: float = 10) -> dict[str, Any]:
        """The post, once it has one of these statuses."""
        is_so: Callable[[dict[str, Any]], bool] = lambda post: post["status"] in statuses  # noqa: E731
        return await eventually(lambda: self.seen(post_id), until=is_so, within=within)
