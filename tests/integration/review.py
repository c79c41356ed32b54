"""A campaign, by the gateway alone: made, found in Korean, filled, decided; and a crawl."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from testing import eventually
from tests.contract.clients.people import Cast, gathered

PLACES, APPLICANTS = 3, 5
SITE = "coupang_eats"


async def _make_campaign(creator: httpx.AsyncClient) -> tuple[int, str]:
    """Its id, and the name of its product, which no other campaign has."""
    syllables = "".join(chr(0xAC00 + secrets.randbelow(11_172)) for _ in range(6))
    product = f"{syllables} 크림 GL-{secrets.randbelow(10**6)}"
    body = {
        "title": "겨울 수분크림 체험단을 모집합니다",
        "product_name": product,
        "category": "beauty",
        "reward_type": "product",
        "reward_value": "정품 50ml",
        "max_reviewers": PLACES,
        "deadline": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
        "description": "건조한 피부를 위한 moisturizing cream 입니다",
    }
    made = await creator.post("/api/review/campaigns", json=body)
    assert made.status_code == 201, made.text
    return made.json()["id"], product


async def _find(anybody: httpx.AsyncClient, campaign_id: int, product: str) -> None:
    syllables, _, code = product.split()
    for query in (f"{syllables[:2]} 수분", f"{syllables} {code}", f"{syllables[2:4]} moisturising"):
        answer = await anybody.get("/api/review/search", params={"q": query})
        assert answer.status_code == 200, answer.text
        hits = answer.json()["campaigns"]
        assert [hit["id"] for hit in hits] == [campaign_id], query
        assert "<mark>" in hits[0]["highlights"]["product_name"]
    typed = await anybody.get("/api/review/suggest", params={"q": syllables[:3]})
    assert [found["text"] for found in typed.json()["suggestions"]] == [product]


async def _apply_until_full(cast: Cast, campaign_id: int) -> dict[int, httpx.AsyncClient]:
    """Everybody at once; who has a place, by the id of the application."""
    people = [await cast.newcomer() for _ in range(APPLICANTS)]
    body = {"message": "써 보고 싶어요", "follower_count": 10}
    answers = await asyncio.gather(
        *(person.post(f"/api/review/campaigns/{campaign_id}/apply", json=body) for person in people)
    )
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {201: PLACES, 409: APPLICANTS - PLACES}
    campaign = (await people[0].get(f"/api/review/campaigns/{campaign_id}")).json()
    assert (campaign["spots_available"], campaign["applications_count"]) == (0, PLACES)
    return {
        answer.json()["id"]: person
        for person, answer in zip(people, answers, strict=True)
        if answer.status_code == 201
    }


async def _decide(
    creator: httpx.AsyncClient, campaign_id: int, applicants: dict[int, httpx.AsyncClient]
) -> None:
    async def names_have_come() -> bool:
        received = (await creator.get(f"/api/review/campaigns/{campaign_id}/applications")).json()
        assert {entry["id"] for entry in received} == set(applicants)
        return all(entry["user_name"] == "Contract" and "@" in entry["user_email"] for entry in received)

    await eventually(names_have_come, within=5)
    rejected, *approved = applicants
    for application, status in [(rejected, "rejected"), *((one, "approved") for one in approved)]:
        decided = await creator.put(f"/api/review/applications/{application}", json={"status": status})
        assert decided.status_code == 200, decided.text
        (own,) = (await applicants[application].get("/api/review/my-applications")).json()
        assert own["status"] == status
    campaign = (await creator.get(f"/api/review/campaigns/{campaign_id}")).json()
    assert campaign["spots_available"] == 1


async def _crawl(admin: httpx.AsyncClient, anybody: httpx.AsyncClient) -> None:
    started = await admin.post("/api/experience/crawl", json={"site": SITE})
    assert started.status_code == 202, started.text

    async def latest() -> dict[str, Any]:
        crawl: dict[str, Any] = (await admin.get("/api/experience/crawls", params={"site": SITE})).json()[0]
        return crawl

    done = await eventually(latest, within=20, until=lambda crawl: crawl["finished_at"] is not None)
    assert (done["status"], done["error"]) == ("succeeded", None)

    async def board_has_them() -> bool:
        page = (await anybody.get("/api/experience/listings", params={"site": SITE})).json()
        return {"디저트 카페 체험단", "신메뉴 치킨 시식단"} <= {found["title"] for found in page["data"]}

    await eventually(board_has_them, within=5)


async def campaign_journey(platform: Any) -> None:
    """A campaign is made, found in Korean, filled and decided, and a partner is crawled."""
    async with gathered(platform) as cast:
        anybody, creator = await cast.anybody(), await cast.subscriber("review")
        campaign_id, product = await _make_campaign(creator)
        await _find(anybody, campaign_id, product)
        applicants = await _apply_until_full(cast, campaign_id)
        await _decide(creator, campaign_id, applicants)
        closed = await creator.post(f"/api/review/campaigns/{campaign_id}/close")
        assert closed.json()["status"] == "closed"
        await _crawl(await cast.known("admin"), anybody)


async def demo_user_journey(platform: Any) -> None:
    """The development user applies; the creator sees name and address, which review has copies of."""
    async with gathered(platform) as cast:
        creator, demo = await cast.subscriber("review"), await cast.known("demo")
        campaign_id, _ = await _make_campaign(creator)
        applied = await demo.post(f"/api/review/campaigns/{campaign_id}/apply", json={"message": "me"})
        assert applied.status_code == 201, applied.text
        (received,) = (await creator.get(f"/api/review/campaigns/{campaign_id}/applications")).json()
    assert received["user_email"] == platform.users["demo"]["email"]
    assert received["user_name"]
