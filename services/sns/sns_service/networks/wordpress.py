"""Blogs: the WordPress REST API, with an application password. A post is found again by its slug, which is ours."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import httpx

from sns_service.networks.http import Caller
from sns_service.networks.network import Metrics, Publication, Published, Refused
from sns_service.posts.rules import BLOG_TITLE, title_of

ANY_STATUS = "publish,future,draft,pending,private"


class WordPress:
    """One adapter for every site; `default_site` is for accounts that name none."""

    def __init__(self, http: httpx.AsyncClient, *, default_site: str | None) -> None:
        self._caller = Caller(http, "WordPress", lambda answer: str(answer.json()["message"]))
        self._default_site = default_site

    async def publish(self, work: Publication) -> Published:
        """Make the post, public at once."""
        body = {
            "title": title_of(work.content, BLOG_TITLE),
            "content": _html(work),
            "slug": work.token,
            "status": "publish",
        }
        answer = await self._call("POST", "posts", work.credentials, publishes=True, json=body)
        return self._caller.read(answer, _published, publishes=True)

    async def find(self, work: Publication) -> Published | None:
        """Search for the slug, in whatever status the post is."""
        wanted = {"slug": work.token, "status": ANY_STATUS, "context": "edit"}
        answer = await self._call("GET", "posts", work.credentials, params=wanted)
        return self._caller.read(answer, lambda found: _published(found[0]) if found else None)

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """WordPress counts comments only."""
        wanted = {"post": network_id, "per_page": 1}
        answer = await self._call("GET", "comments", credentials, params=wanted)
        return Metrics(comments=int(answer.headers.get("x-wp-total", 0)))

    async def _call(
        self, method: str, path: str, credentials: Mapping[str, str], **options: Any
    ) -> httpx.Response:
        site = credentials.get("site_url") or self._default_site
        if site is None:
            raise Refused("The account names no site (site_url).", code="credentials_missing")
        auth = httpx.BasicAuth(credentials["username"], credentials["application_password"])
        url = f"{site.rstrip('/')}/wp-json/wp/v2/{path}"
        return await self._caller.call(method, url, auth=auth, **options)


def _html(work: Publication) -> str:
    pictures = "".join(f'<figure><img src="{escape(url)}" alt=""></figure>' for url in work.media)
    paragraphs = "".join(
        f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in work.content.strip().split("\n\n")
    )
    return pictures + paragraphs


def _published(post: Mapping[str, Any]) -> Published:
    return Published(str(post["id"]), post.get("link"))
