"""Fetching pages politely: by robots.txt, at a site's pace, only what has changed, and never too much."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx
from protego import Protego

from review_service.crawls.errors import SiteFailed
from review_service.crawls.pages import html_of, text_of

AGENT: Final = "SoftFactoryBot"
HEADERS: Final = {
    "User-Agent": f"{AGENT}/1.0",
    "Accept": "text/html,application/xhtml+xml",
    # What is not compressed cannot swell when it is unpacked.
    "Accept-Encoding": "identity",
}
TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
PAGE_SECONDS: Final = 20.0
"""A page that drips is given up after that."""
MAX_BYTES: Final = 2_000_000
ROBOTS_BYTES: Final = 512_000
MAX_REDIRECTS: Final = 5
MAX_DELAY: Final = 30.0
_OUR_VERSION: Final = re.compile(
    rf"^([ \t]*user-?agent[ \t]*:[ \t]*{AGENT})/[^\s#]*", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class CacheValidators:
    """What a site said of a page the last time."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page; `html` None: it has not changed since it was seen. `url` is where redirects ended, `encoding` what its
    links are in."""

    url: str
    html: str | None
    etag: str | None
    last_modified: str | None
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes


class Fetcher:
    """Fetches for one crawl. `delay` is the least time between two requests, in seconds."""

    def __init__(self, http: httpx.AsyncClient, *, delay: float) -> None:
        self._http = http
        self._delay = delay
        self._next = 0.0
        self._robots: dict[str, Protego] = {}

    async def page(self, url: str, seen: CacheValidators | None) -> Page:
        """A page of HTML, asked for only if it has changed since `seen`. Raises SiteFailed."""
        conditions = _conditions(seen)
        for _ in range(MAX_REDIRECTS + 1):
            await self._check_allowed(url)
            answer = await self._get(url, conditions, limit=MAX_BYTES)
            if answer.status not in {301, 302, 303, 307, 308}:
                return _page(url, answer)
            url = _target(url, answer)
        raise SiteFailed(f"{url}: more than {MAX_REDIRECTS} redirects")

    async def _check_allowed(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SiteFailed(f"{url}: not an http address")
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            self._robots[origin] = await self._read_robots(origin)
        robots = self._robots[origin]
        if not robots.can_fetch(url, AGENT):
            raise SiteFailed(f"{url}: robots.txt does not allow it")
        self._delay = max(self._delay, min(MAX_DELAY, robots.crawl_delay(AGENT) or 0.0))

    async def _read_robots(self, origin: str) -> Protego:
        """No file allows everything; a site that cannot say what it allows is left alone (RFC 9309).

        Groups are named by the product alone (2.2.1); a version behind it must not make them another's.
        """
        url = f"{origin}/robots.txt"
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._get(url, {}, limit=ROBOTS_BYTES)
            if answer.status not in {301, 302, 303, 307, 308}:
                break
            url = _target(url, answer)
        if answer.status >= 500 or answer.status == 429:
            raise SiteFailed(f"{url}: answered {answer.status}")
        text = text_of(answer.body, _kind(answer)) if answer.status == 200 else ""
        lines = "\n".join(text.splitlines())
        return Protego.parse(_OUR_VERSION.sub(r"\1", lines))

    async def _get(self, url: str, headers: dict[str, str], *, limit: int) -> _Answer:
        await self._wait()
        try:
            async with (
                asyncio.timeout(PAGE_SECONDS),
                self._http.stream("GET", url, headers=HEADERS | headers) as response,
            ):
                return _Answer(response.status_code, response.headers, await _read(response, url, limit))
        except TimeoutError:
            raise SiteFailed(f"{url}: not loaded after {PAGE_SECONDS:.0f} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SiteFailed(f"{url}: {error or type(error).__name__}") from error

    async def _wait(self) -> None:
        pause = self._next - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        self._next = time.monotonic() + self._delay


async def _read(response: httpx.Response, url: str, limit: int) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise SiteFailed(f"{url}: sent compressed although that was not requested")
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > limit:
            raise SiteFailed(f"{url}: larger than {limit} bytes")
    return bytes(body)


def _conditions(seen: CacheValidators | None) -> dict[str, str]:
    headers = {}
    if seen and seen.etag:
        headers["If-None-Match"] = seen.etag
    if seen and seen.last_modified:
        headers["If-Modified-Since"] = seen.last_modified
    return headers


def _target(url: str, answer: _Answer) -> str:
    location: str | None = answer.headers.get("location")
    if not location:
        raise SiteFailed(f"{url}: redirects to nowhere")
    try:
        return urljoin(url, location)
    except ValueError:
        raise SiteFailed(f"{url}: redirects to something that is not an address") from None


def _page(url: str, answer: _Answer) -> Page:
    validators = (answer.headers.get("etag"), answer.headers.get("last-modified"))
    if answer.status == 304:
        return Page(url, None, *validators)
    if answer.status != 200:
        raise SiteFailed(f"{url}: answered {answer.status}")
    kind = _kind(answer).partition(";")[0].strip().lower()
    if kind not in {"text/html", "application/xhtml+xml"}:
        raise SiteFailed(f"{url}: is {kind or 'of no type'}, not HTML")
    html, encoding = html_of(answer.body, _kind(answer))
    return Page(url, html, *validators, encoding)


def _kind(answer: _Answer) -> str:
    return str(answer.headers.get("content-type", ""))
