"""Pages, links and robots.txt as browsers and crawlers read them, over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from fakes.partners import render
from review_service.crawls.pages import absolute_url, html_of
from services.review.tests.crawls.conftest import SITE, PartnerSite, offer
from services.review.tests.crawls.kit import crawl
from shared.runtime import Runtime
from shared.schemas.dates import BUSINESS_ZONE, end_of_day, utcnow

LIST = "/list"
TITLE = "똠방각하 펲시 체험단"
"""Its first and its fifth syllable are in code page 949 alone."""


def served(
    partner: PartnerSite, content: bytes | str, content_type: str = "text/html", path: str = LIST
) -> None:
    """Let the site answer so."""
    partner.replies[path] = lambda: Response(content, headers={"Content-Type": content_type})


async def board(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """What the board shows, the oldest first."""
    data: list[dict[str, Any]] = (await client.get("/api/experience/listings")).json()["data"]
    return data[::-1]


def page(head: str = "", body: str = "", title: str = TITLE) -> str:
    """A page that says nothing of its encoding but what `head` does."""
    return render(SITE, [offer(1, title=title)]).replace('<meta charset="utf-8">', head) + body


KOREAN = [
    "euc-kr", "EUC-KR", "cseuckr", "csksc56011987", "iso-ir-149", "korean", "ks_c_5601-1987", "ks_c_5601-1989",
    "ksc5601", "ksc_5601", "windows-949", "x-windows-949", "cp949", "MS949",
]  # fmt: skip


@pytest.mark.parametrize("label", KOREAN)
@pytest.mark.parametrize("declared", ["header", "meta"])
def test_every_label_of_korean_is_code_page_949(label: str, declared: str) -> None:
    in_header = declared == "header"
    content = page("" if in_header else f"<meta charset={label}>").encode("cp949")
    assert TITLE in html_of(content, f"text/html; charset={label}" if in_header else "text/html")[0]


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (page().encode("utf-8-sig"), "text/html; charset=euc-kr"),
        (page('<meta charset="euc-kr">').encode("utf-8-sig"), "text/html"),
        (page().encode("utf-16"), "text/html; charset=euc-kr"),
        (page('<meta charset="utf-8">').encode("cp949"), "text/html; charset=ks_c_5601-1987"),
        (page('<meta charset="euc-kr">').encode(), "text/html; charset=utf-8"),
        (page('<meta charset="euc-kr">').encode("cp949"), "text/html; charset=nonsense"),
        (page('<meta charset="euc-kr">').encode("cp949"), "text/html; charset="),
        (page('<meta charset="utf-16">').encode(), "text/html"),
        (
            page("<meta http-equiv=Content-Type content='text/html; charset = EUC-KR'>").encode("cp949"),
            "text/html",
        ),
        (page("<!-- <meta charset=utf-8> --><META CHARSET = ' euc-kr '>").encode("cp949"), "text/html"),
        (page('<meta name=x content="charset=euc-kr"><meta charset=utf-8>').encode(), "text/html"),
        (page(f"<style>{' ' * 9000}</style><meta charset=euc-kr>").encode("cp949"), "text/html"),
        (b'<?xml version="1.0" encoding="euc-kr"?>' + page().encode("cp949"), "application/xhtml+xml"),
        (page().encode("cp949"), "text/html"),
        (page().encode(), "text/html"),
    ],
)
async def test_a_byte_order_mark_then_the_header_then_the_page_says_what_its_bytes_are(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite, content: bytes, content_type: str
) -> None:
    served(partner, content, content_type)
    done = await crawl(runtime)
    assert done.error is None
    assert [shown["title"] for shown in await board(client)] == [TITLE]


@pytest.mark.parametrize(
    "link",
    [
        '<a rel="nofollow next" href="?page=2">',
        '<a rel="next noopener" href="?page=2">',
        '<A REL="NEXT" HREF="?page=2">',
        '<link rel=next href="?page=2">',
        '<link rel="prefetch\tnext" href="/list?page=2">',
        '<a rel=next href="&#10; ?page=&#10;2 ">',
        '<a rel=next href="?page=2#items">',
        '<a rel=next href="#"><a rel=next href="javascript:more()"><a rel=next href="?page=2">',
        '<a rel=next href="\\list?page=2">',
    ],
)
async def test_the_next_page_is_where_rel_says(runtime: Runtime, partner: PartnerSite, link: str) -> None:
    served(partner, page(body=link))
    served(partner, render(SITE, [offer(2)]), path="/list?page=2")
    done = await crawl(runtime)
    assert (done.pages, done.found, done.error) == (2, 2, None)


@pytest.mark.parametrize(
    "link", ['<a rel=nextpage href="?page=2">', '<a rel=next href="#end">', "<a rel=next>"]
)
async def test_what_leads_nowhere_is_no_next_page(runtime: Runtime, partner: PartnerSite, link: str) -> None:
    served(partner, page(body=link))
    assert (await crawl(runtime)).pages == 1


async def test_links_begin_at_the_pages_base(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite
) -> None:
    served(partner, page('<base target=x><base href=" /deep/down/ ">', '<a rel=next href="more">'))
    served(partner, render(SITE, [offer(2)]), path="/deep/down/more")
    assert (await crawl(runtime)).found == 2
    links = {shown["url"] for shown in await board(client)}
    assert links == {f"{partner.url}/deep/down/items/o-1", f"{partner.url}/deep/down/items/o-2"}


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        (" items/a b.html\n", "https://p.example/list/items/a%20b.html"),
        ("items/a\tb", "https://p.example/list/items/ab"),
        ("/a\u3000b?q=x y#z z", "https://p.example/a%E3%80%80b?q=x%20y#z%20z"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("HTTPS://p.example/체험단", "https://p.example/체험단"),
        ("\\\\p.example\\a?b\\c", "https://p.example/a?b\\c"),
        ('/a"onclick="x', "https://p.example/a%22onclick=%22x"),
        ("/a%20b", "https://p.example/a%20b"),
        ("http://a b/", ""),
        ("http://p.example:99999/", ""),
        ("mailto:a@b.example", ""),
        ("/\ud800", ""),
        (" ", ""),
        ("/" + "가 " * 200, ""),
    ],
    ids=ascii,
)
def test_a_link_is_trimmed_and_encoded(link: str, shown: str) -> None:
    assert absolute_url(link, "https://p.example/list/?page=1") == shown


async def test_a_listing_whose_link_has_spaces_is_shown(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite
) -> None:
    served(partner, page().replace('href="items/o-1"', 'href=" items/체험 1 "'))
    assert (await crawl(runtime)).skipped == 0
    (shown,) = await board(client)
    assert shown["url"] == f"{partner.url}/items/체험%201"


def test_the_query_of_a_korean_page_is_sent_in_its_encoding() -> None:
    found = absolute_url("/맛집?q=맛집 a&b=%41", "https://p.example/", "cp949")
    assert found == "https://p.example/맛집?q=%B8%C0%C1%FD%20a&b=%41"
    assert absolute_url("/?q=맛집", "https://p.example/", "utf-16-le") == "https://p.example/?q=맛집"


CLOSED = {
    "a byte order mark": b"\xef\xbb\xbfUser-agent: *\nDisallow: /list",
    "UTF-16": "User-agent: *\nDisallow: /list".encode("utf-16"),
    "carriage returns": b"User-agent: *\rDisallow: /x\rDisallow: /list",
    "capitals": b"USER-AGENT: softfactorybot\r\nDISALLOW: /list",
    "a version": b"\xef\xbb\xbfUser-agent: *\rAllow: /\r\rUser-agent: SoftFactoryBot/1.0 # us\rDisallow: /list",
    "another version": b"User-agent: SoftFactoryBot/2.1\nDisallow: /list",
    "two groups of one name": b"User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /list",
    "a group of two names": b"User-agent: Other\nUser-agent: SoftFactoryBot\nDisallow: /list",
    "the longer rule": b"User-agent: *\nAllow: /\nDisallow: /list",
    "a wildcard": b"User-agent: *\nDisallow: /*t$",
    "escapes": b"User-agent: *\nDisallow: /%6Cist",
    "a blank line": b"User-agent: *\n\nDisallow : /list # closed",
}


@pytest.mark.parametrize("how", CLOSED)
async def test_robots_txt_closes_what_it_closes_however_it_is_written(
    runtime: Runtime, partner: PartnerSite, how: str
) -> None:
    partner.robots = Response(CLOSED[how], media_type="text/plain")
    assert "robots.txt does not allow" in ((await crawl(runtime)).error or "")
    assert partner.pages == []


@pytest.mark.parametrize(
    "robots",
    [
        b"User-agent: *\nDisallow: /\nAllow: /list",
        b"User-agent: *\nDisallow: /\n\nUser-agent: SoftFactoryBot/1.0\nDisallow: /x",
        b"User-agent: *\nDisallow: /l$",
        b"User-agent: *\nDisallow:",
    ],
)
async def test_robots_txt_opens_what_it_opens(runtime: Runtime, partner: PartnerSite, robots: bytes) -> None:
    partner.robots = Response(robots, media_type="text/plain")
    assert (await crawl(runtime)).status == "succeeded"


async def test_a_day_is_told_from_the_moment_at_which_its_page_is_read(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite
) -> None:
    served(partner, page().replace("2099-12-24T23:59:00+09:00", "D-3"))
    day = (utcnow().astimezone(BUSINESS_ZONE) + timedelta(days=3)).date()
    await crawl(runtime)
    (shown,) = await board(client)
    assert datetime.fromisoformat(shown["deadline"]) == end_of_day(day)
