"""A partner site as an HTTP server, which does what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from fakes.partners import Offer, answer, render
from testing.serving import bound_socket, serving

SITE = "coupang_eats"


class PartnerSite:
    """Shows `offers`, a few to a page. `replies` has answers for paths that misbehave; `asked` the requests so far."""

    def __init__(self) -> None:
        self.url = ""
        self.app = Starlette(routes=[Route("/{path:path}", self._answer)])
        self.reset()

    def reset(self) -> None:
        """As a well-behaved site with two offers."""
        self.offers = [offer(1), offer(2)]
        self.per_page = 2
        self.robots: Response = PlainTextResponse("User-agent: *\nDisallow: /private/\n")
        self.replies: dict[str, Response | Callable[[], Response]] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    @property
    def host(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")

    @property
    def pages(self) -> list[str]:
        """What was asked for, without robots.txt."""
        return [path for path, _ in self.asked if path != "/robots.txt"]

    async def _answer(self, request: Request) -> Response:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.asked.append((path, request.headers))
        if path in self.replies:
            reply = self.replies[path]
            return reply if isinstance(reply, Response) else reply()
        if path == "/robots.txt":
            return self.robots
        page = int(request.query_params.get("page", "1"))
        return answer(request, render(SITE, self.offers, page=page, per_page=self.per_page))


def offer(number: int, **changes: str) -> Offer:
    """An offer; its title says which."""
    fields = {
        "id": f"o-{number}", "title": f"체험단 {number}", "category": "food", "reward": "쿠폰", "until": "2099-12-24",
    }  # fmt: skip
    return Offer(**{**fields, **changes})


def endless(media_type: str = "text/html", pause: float = 0.0) -> Response:
    """A body without an end."""

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"<p>" + b"x" * (65_536 if not pause else 1)
            await asyncio.sleep(pause)

    return StreamingResponse(pieces(), media_type=media_type)


@pytest.fixture(scope="session")
def partner_server() -> Iterator[PartnerSite]:
    site = PartnerSite()
    with bound_socket() as listener, serving(site.app, listener) as url:
        site.url = url
        yield site


@pytest.fixture
def partner(partner_server: PartnerSite) -> PartnerSite:
    """The site, well-behaved."""
    partner_server.reset()
    return partner_server


@pytest.fixture
def settings_overrides(partner_server: PartnerSite) -> Mapping[str, Any]:
    return {
        "partner_sites": {SITE: f"{partner_server.url}/list", "danggeun": "http://127.0.0.1:9/"},
        "crawl_private_hosts": [partner_server.host, "127.0.0.1:9"],
        "crawl_delay_seconds": 0,
    }
