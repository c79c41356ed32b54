"""Sites that misbehave: each keeps the listings that it had, and its crawl says why."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from fakes.partners import render
from review_service.crawls import fetching
from review_service.crawls.public_network import ForbiddenAddress, PublicTransport
from services.review.tests.crawls.conftest import SITE, PartnerSite, endless, offer
from services.review.tests.crawls.kit import crawl, shown
from services.review.tests.factories import Person
from shared.runtime import Runtime
from testing.rollback import TestDatabase

LIST = "/list"


def _page(text: str, **headers: str) -> Response:
    return HTMLResponse(text, headers=headers)


MISBEHAVIOUR: dict[str, tuple[Callable[[], Response], str]] = {
    "fails": (lambda: PlainTextResponse("oops", 500), "answered 500"),
    "is gone": (lambda: PlainTextResponse("no", 404), "answered 404"),
    "is full": (lambda: PlainTextResponse("later", 429), "answered 429"),
    "has another look": (lambda: _page("<html><body>We moved!</body></html>"), "no listing found"),
    "is empty": (lambda: _page(""), "no listing found"),
    "is no HTML": (lambda: PlainTextResponse("{}", media_type="application/json"), "not HTML"),
    "never ends": (endless, "larger than"),
    "swells": (
        lambda: Response(gzip.compress(b"x" * 10**6), headers={"Content-Encoding": "gzip"}, media_type="text/html"),
        "compressed",
    ),
    "says unchanged of what was never fetched": (lambda: Response(status_code=304), "never fetched"),
    "redirects for ever": (lambda: RedirectResponse(LIST), "redirects"),
    "redirects to nowhere": (lambda: Response(status_code=302), "redirects to nowhere"),
    "redirects to a file": (lambda: RedirectResponse("file:///etc/passwd"), "not an http address"),
    "redirects to what is forbidden": (lambda: RedirectResponse("/private/x"), "robots.txt"),
    "redirects to this machine": (lambda: RedirectResponse("http://127.0.0.1:5432/"), "not a public address"),
    "redirects to this machine by name": (
        lambda: RedirectResponse("http://localhost:5432/"), "not a public address",
    ),
    "redirects to the cloud's metadata": (
        lambda: RedirectResponse("http://169.254.169.254/latest/"), "not a public address",
    ),
    "redirects to this machine in IPv6": (
        lambda: RedirectResponse("http://[::ffff:127.0.0.1]:5432/"), "not a public address",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", MISBEHAVIOUR)
async def test_a_site_that_misbehaves_keeps_its_listings_and_says_so(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite, db: TestDatabase, how: str
) -> None:
    await crawl(runtime)
    before = await shown(db)
    assert len(before) == 2
    reply, reason = MISBEHAVIOUR[how]
    partner.replies[LIST] = reply
    if how.startswith("says unchanged"):
        partner.replies = {LIST: lambda: _page(render(SITE, [offer(1)]) + '<a rel="next" href="?page=2">')}
        partner.replies[f"{LIST}?page=2"] = reply
    done = await crawl(runtime)
    assert done.status == "failed"
    assert reason in (done.error or "")
    assert await shown(db) == before
    assert (await client.get("/api/experience/listings")).json()["total"] == 2
    assert (await client.get("/api/experience/sites")).json()["sites"][SITE]["status"] == "failed"
    latest = (await Person(client, 1, "admin").get("/api/experience/crawls")).json()[0]
    assert (latest["status"], latest["error"]) == ("failed", done.error)


async def test_a_page_that_drips_is_given_up(
    runtime: Runtime, partner: PartnerSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PAGE_SECONDS", 0.3)
    partner.replies[LIST] = lambda: endless(pause=0.02)
    assert "not loaded after" in ((await crawl(runtime)).error or "")


async def test_a_site_that_is_down_is_said_by_name(runtime: Runtime) -> None:
    done = await crawl(runtime, "danggeun")
    assert (done.status, "127.0.0.1:9" in (done.error or "")) == ("failed", True)


async def test_a_failure_on_the_second_page_changes_nothing(
    runtime: Runtime, partner: PartnerSite, db: TestDatabase
) -> None:
    partner.offers = [offer(number) for number in range(1, 5)]
    await crawl(runtime)
    before = await shown(db)
    partner.offers = [offer(number) for number in range(5, 9)]
    partner.replies[f"{LIST}?page=2"] = PlainTextResponse("oops", 500)
    assert (await crawl(runtime)).status == "failed"
    assert await shown(db) == before


async def test_pages_in_a_circle_end(runtime: Runtime, partner: PartnerSite) -> None:
    partner.replies[LIST] = lambda: _page(render(SITE, [offer(1)]) + f'<a rel="next" href="{LIST}">')
    done = await crawl(runtime)
    assert (done.status, done.pages) == ("succeeded", 1)


async def test_pages_without_end_are_given_up(
    runtime: Runtime, partner: PartnerSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    from review_service.crawls import crawling

    monkeypatch.setattr(crawling, "MAX_PAGES", 3)
    partner.offers = [offer(number) for number in range(20)]
    assert "more than 3 pages" in ((await crawl(runtime)).error or "")


@pytest.mark.parametrize(
    ("robots", "reason"),
    [
        ("User-agent: *\nDisallow: /", "robots.txt does not allow"),
        ("User-agent: SoftFactoryBot\nDisallow: /list", "robots.txt does not allow"),
        ("User-agent: OtherBot\nDisallow: /", None),
        ("<html>not robots</html>", None),
        ("", None),
    ],
)
async def test_robots_txt_is_honoured(
    runtime: Runtime, partner: PartnerSite, robots: str, reason: str | None
) -> None:
    partner.robots = PlainTextResponse(robots)
    done = await crawl(runtime)
    assert (done.status == "failed") == (reason is not None)
    assert (reason or "") in (done.error or "")
    assert bool(partner.pages) == (reason is None)


@pytest.mark.parametrize(("status", "ends"), [(404, "succeeded"), (403, "succeeded"), (500, "failed")])
async def test_without_robots_txt_all_is_allowed_unless_the_site_cannot_tell(
    runtime: Runtime, partner: PartnerSite, status: int, ends: str
) -> None:
    partner.robots = PlainTextResponse("no", status)
    assert (await crawl(runtime)).status == ends


@pytest.mark.parametrize(("ours", "theirs"), [(0.3, 0.0), (0.0, 0.3)])
async def test_the_pace_is_the_sites_or_ours_whichever_is_slower(
    partner: PartnerSite, ours: float, theirs: float
) -> None:
    partner.robots = PlainTextResponse(f"User-agent: *\nCrawl-delay: {theirs}")
    async with httpx.AsyncClient(transport=PublicTransport([partner.host])) as http:
        fetcher = fetching.Fetcher(http, delay=ours)
        await fetcher.page(f"{partner.url}{LIST}", None)
        started = time.monotonic()
        await fetcher.page(f"{partner.url}{LIST}", None)
    assert time.monotonic() - started >= 0.29


@pytest.mark.parametrize(
    "html",
    [
        "<article class=campaign><h3 class=title>no address</h3></article>",
        "<article class=campaign><a class=campaign-link href='javascript:x'><h3 class=title>t</h3></a>",
        "<article class=campaign><a class=campaign-link href='http://[x'><h3 class=title>t</h3></a>",
        f"<article class=campaign><a class=campaign-link href='/{'x' * 600}'><h3 class=title>t</h3></a>",
        "<article class=campaign><a class=campaign-link href='/a'><h3 class=title> \x00 </h3></a>",
    ],
)
async def test_an_entry_that_cannot_be_shown_is_skipped_and_counted(
    runtime: Runtime, partner: PartnerSite, html: str
) -> None:
    partner.replies[LIST] = lambda: _page(render(SITE, [offer(1)]) + html)
    done = await crawl(runtime)
    assert (done.status, done.found, done.skipped) == ("succeeded", 1, 1)


async def test_overlong_and_odd_texts_are_cut_and_cleaned(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite
) -> None:
    partner.offers = [offer(1, title="가\u0007나 \n  다" + "x" * 400, reward="r" * 300)]
    assert (await crawl(runtime)).status == "succeeded"
    (shown_listing,) = (await client.get("/api/experience/listings")).json()["data"]
    assert shown_listing["title"].startswith("가 나 다x")
    assert (len(shown_listing["title"]), len(shown_listing["reward"])) == (300, 200)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (render(SITE, [offer(1)]).replace("utf-8", "euc-kr").encode("cp949"), "text/html"),
        (render(SITE, [offer(1)]).encode("cp949"), "text/html; charset=EUC-KR"),
        (render(SITE, [offer(1)]).encode(), "text/html; charset=nonsense"),
    ],
)
async def test_korean_pages_are_read_in_their_own_encoding(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite, content: bytes, content_type: str
) -> None:
    partner.replies[LIST] = lambda: Response(content, headers={"Content-Type": content_type})
    await crawl(runtime)
    (shown_listing,) = (await client.get("/api/experience/listings")).json()["data"]
    assert shown_listing["title"] == "체험단 1"


async def test_a_name_that_points_inside_is_not_connected_to_however_it_is_answered(
    partner: PartnerSite,
) -> None:
    answers: list[list[str]] = [["8.8.8.8", "127.0.0.1"], ["127.0.0.1"]]
    asked = list[str]()

    async def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    port = partner.host.partition(":")[2]
    async with httpx.AsyncClient(transport=PublicTransport([], rebinding)) as http:
        for _ in answers:
            with pytest.raises(httpx.ConnectError, match="not a public address"):
                await http.get(f"http://partner.example:{port}/")
    assert asked == ["partner.example"] * 2
    assert partner.asked == []
    assert issubclass(ForbiddenAddress, Exception)


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to(partner: PartnerSite) -> None:
    async def inside(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    port = partner.host.partition(":")[2]
    transport: Any = PublicTransport([f"partner.example:{port}"], inside)
    async with httpx.AsyncClient(transport=transport) as http:
        answer = await http.get(f"http://partner.example:{port}/list")
    assert answer.status_code == 200
    assert partner.asked[0][1]["host"] == f"partner.example:{port}"
