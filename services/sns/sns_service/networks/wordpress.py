"""Blogs: what they take and ask for, and the WordPress REST API, with an application password. A post is found again
by its slug, which is ours. Application passwords do not expire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import httpx

from shared.schemas.types import StrictRequest, Url
from shared.settings import HttpUrl, ServiceSettings
from sns_service.networks.credentials import Password, UserName
from sns_service.networks.errors import NetworkError, Refused, handed_over
from sns_service.networks.http import Caller
from sns_service.networks.media import MediaRule, title_of
from sns_service.networks.network import Metrics, Network, Publication, Published

CHARACTERS, TITLE = 100_000, 200
PUBLIC = "publish"
NOT_FOUND = "not_found"
FIELDS = {"_fields": "id,status,link"}
"""Of a post's answer, which repeats its text twice otherwise, in six bytes a character."""
ANY_STATUS = f"{PUBLIC},future,draft,pending,private"


class BlogSettings(ServiceSettings):
    """Where blogs are."""

    blog_url: HttpUrl | None = None
    """The WordPress site of accounts that name none of their own."""


class BlogCredentials(StrictRequest):
    """A WordPress user with an application password; `site_url` is the site's address."""

    username: UserName
    application_password: Password
    site_url: Url | None = None


class WordPress:
    """One adapter for every site; `default_site` is for accounts that name none. `encrypted`: only by https."""

    def __init__(self, http: httpx.AsyncClient, *, default_site: str | None, encrypted: bool) -> None:
        self._caller = Caller(http, "WordPress", lambda answer: str(answer.json()["message"]), _by_code)
        self._default_site = default_site
        self._encrypted = encrypted

    async def publish(self, work: Publication) -> Published:
        """Make the post, public at once. Raises Refused where the site keeps it back."""
        body = {
            "title": title_of(work.content, TITLE),
            "content": _html(work),
            "slug": work.token,
            "status": "publish",
        }
        answer = await self._call("POST", "posts", work.credentials, publishes=True, params=FIELDS, json=body)
        return _public(self._caller.read(answer, _as_kept, publishes=True))

    async def find(self, work: Publication) -> Published | None:
        """Search for the slug, in whatever status the post is. Raises as `publish` does."""
        wanted = {"slug": work.token, "status": ANY_STATUS, "context": "edit", **FIELDS}
        answer = await self._call("GET", "posts", work.credentials, params=wanted)
        kept = self._caller.read(answer, _only)
        return None if kept is None else _public(kept)

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """WordPress counts comments only."""
        if await self._is_gone(credentials, network_id):
            return None
        wanted = {"post": network_id, "per_page": 1, "_fields": "id"}
        answer = await self._call("GET", "comments", credentials, params=wanted)
        return self._caller.read(answer, lambda _: Metrics(comments=int(answer.headers["x-wp-total"])))

    async def _is_gone(self, credentials: Mapping[str, str], network_id: str) -> bool:
        """Of a post that is not there, WordPress says that it has no comments."""
        try:
            await self._call("GET", f"posts/{network_id}", credentials, params=FIELDS)
        except Refused as error:
            if error.code == NOT_FOUND:
                return True
            raise
        return False

    async def _call(
        self, method: str, path: str, credentials: Mapping[str, str], **options: Any
    ) -> httpx.Response:
        site = credentials.get("site_url") or self._default_site
        if site is None:
            raise Refused("The account has no site address (site_url).", code="credentials_missing")
        if self._encrypted and not site.startswith("https://"):
            raise Refused("The site's address (site_url) must be https.", code="bad_address")
        auth = httpx.BasicAuth(credentials["username"], credentials["application_password"])
        url = f"{site.rstrip('/')}/wp-json/wp/v2/{path}"
        return await self._caller.call(method, url, auth=auth, **options)


def _html(work: Publication) -> str:
    pictures = "".join(f'<figure><img src="{escape(url)}" alt=""></figure>' for url in work.media)
    paragraphs = "".join(
        f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in work.content.strip().split("\n\n")
    )
    return pictures + paragraphs


def _as_kept(post: Mapping[str, Any]) -> tuple[str, Published]:
    """Its status, and the post."""
    link = post.get("link")
    return str(post["status"]), Published(str(post["id"]), link if isinstance(link, str) else None)


def _only(found: Any) -> tuple[str, Published] | None:
    """The post that was searched for; None where there is none. Raises TypeError for what is no list."""
    if not isinstance(found, list):
        raise TypeError
    return _as_kept(found[0]) if found else None


def _public(kept: tuple[str, Published]) -> Published:
    """The post, if people see it; else somebody at the site decides, and it may not be sent again."""
    status, published = kept
    if status == PUBLIC:
        return published
    with handed_over():
        raise Refused(
            f"The site keeps the post as {status}. Publish it there, then retry the post here.",
            advised=True,
        )


def _by_code(answer: httpx.Response, said: str) -> NetworkError | None:
    gone = answer.status_code == httpx.codes.NOT_FOUND and answer.json()["code"] == "rest_post_invalid_id"
    return Refused(said, code=NOT_FOUND) if gone else None


def _text_errors(content: str, _media: Sequence[str]) -> Sequence[str]:
    if len(content) <= CHARACTERS:
        return []
    return [f"blog accepts up to {CHARACTERS} characters; this has {len(content)}"]


BLOG: Final = Network(
    name="blog",
    listed_as="blog",
    templates={"blog_post": MediaRule("image", 0, 20, needed=False)},
    text_errors=_text_errors,
    credentials=BlogCredentials,
    settings=BlogSettings,
    posts_per_second=400.0,
    adapter=lambda http, settings: WordPress(
        http, default_site=settings.blog_url, encrypted=settings.is_production
    ),
)
