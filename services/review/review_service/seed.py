"""Development data: three open campaigns of the demo user, and eight listings of four partner sites."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.campaigns import service
from review_service.campaigns.models import Campaign
from review_service.listings.models import ALL_LISTINGS, Listing
from shared.runtime import Runtime
from shared.schemas.dates import utcnow

DEMO_USER: Final = 2
LOCK: Final = 7_204_001
# title, product, category, reward type, reward, places, days until the deadline, description
CAMPAIGNS: Final = (
    (
        "수분 크림 체험단 모집",
        "글로우랩 히알루론 수분 크림",
        "beauty",
        "product",
        "정품 50ml (38,000원)",
        20,
        21,
        "건조한 겨울 피부를 위한 수분 크림입니다. 2주 동안 사용하고 솔직한 후기를 남겨 주세요.",
    ),
    (
        "수제 밀키트 시식단",
        "한상차림 소고기 전골 밀키트",
        "food",
        "both",
        "밀키트 2세트 + 20,000원",
        15,
        14,
        "집에서 10분이면 완성되는 전골 밀키트를 드셔 보고, 맛을 사진과 함께 알려 주세요.",
    ),
    (
        "Wireless earbuds: tech reviewers wanted",
        "SoundNest Buds SN-200",
        "tech",
        "cash",
        "100,000 KRW",
        10,
        30,
        "Noise cancelling earbuds with 30 hours of battery. Compare them with yours, on video.",
    ),
)
# site, its id, title, category, reward, days until the deadline
LISTINGS: Final = (
    ("coupang_eats", "ce-1001", "강남 파스타 맛집 리뷰어", "food", "2인 식사권", 10),
    ("coupang_eats", "ce-1002", "신메뉴 치킨 시식단", "food", "치킨 쿠폰 2매", 7),
    ("danggeun", "dg-501", "동네 필라테스 체험단", "fitness", "4회 수강권", 12),
    ("danggeun", "dg-502", "반려견 간식 체험", "pets", "간식 세트", 9),
    ("soomgo", "sg-77", "입주 청소 후기단", "living", "청소 30% 할인", 15),
    ("soomgo", "sg-78", "기타 레슨 체험", "hobby", "레슨 2회", 20),
    ("today_deal", "td-9001", "비타민 C 세럼 리뷰어", "beauty", "정품 + 10,000원", 8),
    ("today_deal", "td-9002", "무선 청소기 사용기", "tech", "제품 제공", 18),
)


async def seed(runtime: Runtime) -> None:
    """Write them; those that are there stay as they are."""
    async with runtime.database.session() as session:
        # one seed at a time, for campaigns have no key of their own to collide on
        await session.execute(select(func.pg_advisory_xact_lock(LOCK)))
        await _campaigns(session, runtime)
        await session.execute(
            insert(Listing).values(_listings()).on_conflict_do_nothing(index_elements=["site", "external_id"])
        )
        runtime.cache.invalidate_after_commit(session, ALL_LISTINGS)


async def _campaigns(session: AsyncSession, runtime: Runtime) -> None:
    known = set(await session.scalars(select(Campaign.title).where(Campaign.creator_id == DEMO_USER)))
    names = ("title", "product_name", "category", "reward_type", "reward_value", "max_reviewers")
    for *values, days, description in CAMPAIGNS:
        fields: dict[str, Any] = dict(zip(names, values, strict=True))
        if fields["title"] not in known:
            fields |= {"deadline": utcnow() + timedelta(days=days), "description": description}
            await service.create(session, cache=runtime.cache, creator_id=DEMO_USER, fields=fields)


def _listings() -> list[dict[str, Any]]:
    names = ("site", "external_id", "title", "category", "reward")
    return [
        {
            **dict(zip(names, values, strict=True)),
            "url": f"https://{values[0].replace('_', '-')}.example/campaigns/{values[1]}",
            "description": f"{values[2]}: {values[4]}",
            "deadline": utcnow() + timedelta(days=days),
        }
        for *values, days in LISTINGS
    ]
