"""The partner sites of development: four small sites whose pages are made like those that review crawls.

`python -m fakes.partners --port N` serves each under /<site>/, behind one robots.txt. Never in production.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

PER_PAGE = 2
ROBOTS = "User-agent: *\nDisallow: /private/\n"


@dataclass(frozen=True)
class Offer:
    """What a partner looks reviewers for; `until` is a day as 2026-12-24."""

    id: str
    title: str
    category: str
    reward: str
    until: str
    note: str = ""


def _day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def offers() -> dict[str, list[Offer]]:
    """What the sites show; the first of each is what the seed of review has too, so that a crawl updates it."""
    return {
        "coupang_eats": [
            Offer("ce-1001", "강남 파스타 맛집 리뷰어", "food", "2인 식사권", _day(10), "파스타와 샐러드"),
            Offer("ce-1002", "신메뉴 치킨 시식단", "food", "치킨 쿠폰 2매", _day(7), "배달 후기"),
            Offer("ce-1003", "디저트 카페 체험단", "food", "케이크 세트", _day(11), "성수동 카페"),
        ],
        "danggeun": [
            Offer("dg-501", "동네 필라테스 체험단", "fitness", "4회 수강권", _day(12), "초보 환영"),
            Offer("dg-503", "꽃집 원데이 클래스", "hobby", "수업 1회", _day(5), "꽃다발 만들기"),
        ],
        "soomgo": [
            Offer("sg-77", "입주 청소 후기단", "living", "청소 30% 할인", _day(15), "전후 사진"),
            Offer("sg-79", "가족 사진 촬영", "living", "촬영권", _day(25), "스튜디오"),
        ],
        "today_deal": [
            Offer("td-9001", "비타민 C 세럼 리뷰어", "beauty", "정품 + 10,000원", _day(8), "한 달 사용"),
            Offer("td-9003", "블루투스 스피커", "tech", "제품 제공", _day(18), "캠핑 후기"),
        ],
    }


def _cards(items: Sequence[Offer]) -> str:
    return "".join(
        f'<article class="campaign" data-id="{o.id}"><a class="campaign-link" href="items/{o.id}">'
        f'<h3 class="title">{html.escape(o.title)}</h3></a><img src="img/{o.id}.jpg">'
        f'<span class="category">{o.category}</span><span class="reward">{html.escape(o.reward)}</span>'
        f'<time datetime="{o.until}T23:59:00+09:00">{o.until}</time>'
        f'<p class="summary">{html.escape(o.note)}</p></article>'
        for o in items
    )


def _table(items: Sequence[Offer]) -> str:
    rows = "".join(
        f'<tr class="review-job" data-job-id="{o.id}"><td class="subject"><a href="items/{o.id}">'
        f'{html.escape(o.title)}</a></td><td class="kind">{o.category}</td>'
        f'<td class="pay">{html.escape(o.reward)}</td><td class="until">{o.until.replace("-", ".")}</td>'
        f'<td class="note">{html.escape(o.note)}</td></tr>'
        for o in items
    )
    return f"<table>{rows}</table>"


def _json_ld(items: Sequence[Offer]) -> str:
    entries = [
        {
            "@type": "Offer", "identifier": o.id, "name": o.title, "url": f"items/{o.id}", "category": o.category,
            "price": o.reward, "validThrough": o.until, "description": o.note,
        }
        for o in items
    ]  # fmt: skip
    listing = json.dumps({"@context": "https://schema.org", "@type": "ItemList", "itemListElement": entries})
    return f'<script type="application/ld+json">{listing.replace("<", chr(92) + "u003c")}</script>'


def _deals(items: Sequence[Offer]) -> str:
    entries = "".join(
        f'<li class="deal" data-category="{o.category}" data-until="{o.until}"><a href="items/{o.id}">'
        f"<strong>{html.escape(o.title)}</strong></a><em>{html.escape(o.reward)}</em>"
        f"<p>{html.escape(o.note)}</p></li>"
        for o in items
    )
    return f"<ul>{entries}</ul>"


RENDERERS: dict[str, Callable[[Sequence[Offer]], str]] = {
    "coupang_eats": _cards,
    "danggeun": _table,
    "soomgo": _json_ld,
    "today_deal": _deals,
}


def render(site: str, items: Sequence[Offer], *, page: int = 1, per_page: int = PER_PAGE) -> str:
    """A page of a site, with the link to the next one."""
    shown = items[(page - 1) * per_page : page * per_page]
    more = f'<a rel="next" href="?page={page + 1}">더 보기</a>' if len(items) > page * per_page else ""
    body = RENDERERS[site](shown)
    return f'<!doctype html><html lang="ko"><meta charset="utf-8"><body>{body}{more}</body></html>'


def answer(request: Request, text: str) -> Response:
    """A page, or 304 to who has it already."""
    etag = f'"{blake2b(text.encode(), digest_size=8).hexdigest()}"'
    headers = {"ETag": etag, "Last-Modified": format_datetime(datetime.now(UTC), usegmt=True)}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(text, headers=headers)


def sites_app() -> Starlette:
    """All four sites."""
    shown = offers()

    async def page(request: Request) -> Response:
        site = request.path_params["site"]
        number = request.query_params.get("page", "1")
        if site not in shown or not number.isdecimal():
            return PlainTextResponse("not found", 404)
        return answer(request, render(site, shown[site], page=int(number)))

    async def robots(_: Request) -> Response:
        return PlainTextResponse(ROBOTS)

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/robots.txt", robots), Route("/health", health), Route("/{site}/", page)])


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m fakes.partners", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    given = parser.parse_args()
    config = uvicorn.Config(
        sites_app(), host=given.host, port=given.port, log_level="warning", access_log=False
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
