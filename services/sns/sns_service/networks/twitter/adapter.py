"""X, which accounts call `twitter`: API v2. X takes no name of ours for a post, but it refuses a text that the account
has posted a little while ago, and it lists an account's posts with their pictures' keys.

What is kept: `asked`, True from just before the request that posts, and `asked_at`, when that was first done; of
pictures `media`, `media_keys` and `media_until`. A post is found again by its pictures or its text, since `asked_at`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, Final

import httpx

from shared.schemas.dates import utcnow
from sns_service.networks.errors import CannotTell, NetworkError, handed_over
from sns_service.networks.http import Caller
from sns_service.networks.network import Metrics, Publication, Published
from sns_service.networks.twitter.errors import Duplicate, by_problem, complaint, gone
from sns_service.networks.twitter.pictures import Uploads

CLOCKS_DIFFER: Final = timedelta(minutes=1)
PAGE: Final = 100
PAGES: Final = 10
"""An account that has posted more since is not read to its end."""
TWEET_FIELDS: Final = "created_at,entities,attachments"


class Twitter:
    """One adapter for every account."""

    def __init__(self, http: httpx.AsyncClient, *, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._caller = Caller(http, "X", complaint, by_problem)
        self._uploads = Uploads(http, self._caller, base_url=self._base_url)

    async def publish(self, work: Publication) -> Published:
        """Send the pictures unless X has them, and post. Who asked before and is told that the text is there looks."""
        media = await self._uploads.of(work)
        before = bool(work.progress.get("asked"))
        if not before:
            await work.keep(asked=True, asked_at=utcnow().isoformat())
        body = {"text": work.content} | ({"media": {"media_ids": media}} if media else {})
        try:
            answer = await self._call("POST", "tweets", work.credentials, publishes=True, json=body)
        except Duplicate as refusal:
            return await self._despite(refusal, work, before=before)
        except NetworkError as error:
            if (
                not before and not error.may_be_public
            ):  # a definite no: there is nothing that could have got lost
                await work.keep(asked=False)
            raise
        return self._caller.read(answer, lambda found: _published(found["data"]), publishes=True)

    async def find(self, work: Publication) -> Published | None:
        """Look for the post among the account's; without a request there can be none. Raises CannotTell."""
        return await self._search(work) if work.progress.get("asked") else None

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """Views, likes, replies, and reposts and quotes together."""
        wanted = {"ids": network_id, "tweet.fields": "public_metrics"}
        answer = await self._call("GET", "tweets", credentials, params=wanted)
        return self._caller.read(answer, _metrics)

    async def _despite(self, refusal: Duplicate, work: Publication, *, before: bool) -> Published:
        """The post, where an earlier attempt of ours is what X has. Raises the refusal where it was somebody else, or
        where X does not list the post, which may be ours."""
        if not before:
            await work.keep(asked=False)
            raise refusal
        with handed_over():
            if found := await self._search(work):
                return found
            raise refusal

    async def _search(self, work: Publication) -> Published | None:
        """The first post since `asked_at` with one of our pictures, or with our text."""
        user = await self._user(work.credentials)
        since = datetime.fromisoformat(work.progress["asked_at"]) - CLOCKS_DIFFER
        wanted = {
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "max_results": str(PAGE),
            "tweet.fields": TWEET_FIELDS,
        }
        oldest: Published | None = None
        for _ in range(PAGES):
            answer = await self._call("GET", f"users/{user}/tweets", work.credentials, params=wanted)
            page = self._caller.read(answer, _page)
            matches = self._caller.read(answer, lambda found: list(_matching(found.get("data", ()), work)))
            oldest = matches[-1] if matches else oldest  # the newest come first
            if page is None:
                return oldest
            wanted = {**wanted, "pagination_token": page}
        if oldest:
            return oldest
        raise CannotTell("X lists too many later posts of the account, and this one is not among the latest.")

    async def _user(self, credentials: Mapping[str, str]) -> str:
        answer = await self._call("GET", "users/me", credentials)
        return self._caller.read(answer, lambda found: str(int(found["data"]["id"])))

    async def _call(
        self, method: str, path: str, credentials: Mapping[str, str], **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {credentials['access_token']}"}
        return await self._caller.call(method, f"{self._base_url}/2/{path}", headers=headers, **options)


def same_text(tweet: Mapping[str, Any], content: str) -> bool:
    """Whether X shows `content` so: with its own short links, entities of HTML, and a link to the pictures."""
    theirs, ours = unescape(tweet["text"]), content
    for link in tweet.get("entities", {}).get("urls", ()):
        theirs = theirs.replace(link["url"], " ")
        for form in _forms(str(link.get("expanded_url", ""))):
            ours = ours.replace(form, " ")
    return theirs.split() == ours.split()


def _forms(address: str) -> Iterator[str]:
    """As its author may have written it, the longest first: X adds a scheme to what has none."""
    if address:
        yield address
        yield address.partition("://")[2] or address


def _matching(tweets: Any, work: Publication) -> Iterator[Published]:
    ours = set(work.progress.get("media_keys", ()))
    for tweet in tweets:
        keys = set(tweet.get("attachments", {}).get("media_keys", ()))
        if keys & ours if ours else same_text(tweet, work.content):
            yield _published(tweet)


def _page(found: Mapping[str, Any]) -> str | None:
    """The token of the next page; None: this is the last one."""
    token = found["meta"].get("next_token")
    return None if token is None else str(token)


def _published(tweet: Mapping[str, Any]) -> Published:
    tweet_id = str(int(tweet["id"]))
    return Published(tweet_id, f"https://x.com/i/web/status/{tweet_id}")


def _metrics(found: dict[str, Any]) -> Metrics | None:
    if gone(found):
        return None
    counts = found["data"][0]["public_metrics"]
    return Metrics(
        views=int(counts.get("impression_count", 0)),
        likes=int(counts["like_count"]),
        comments=int(counts["reply_count"]),
        shares=int(counts["retweet_count"]) + int(counts.get("quote_count", 0)),
    )
