"""Counts from the networks, and what users see of them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from fakes.networks.client import Fakes
from services.sns.tests.factories import TEMPLATE, USER, Person, make_account, make_post
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.accounts.keyring import Keyring
from sns_service.analytics.measuring import measure_due, next_time
from sns_service.networks.registry import adapters_with
from sns_service.networks.transport import connect
from testing.rollback import TestDatabase

COUNTS = {"views": 50, "likes": 7, "comments": 3, "shares": 2}
ENGAGEMENT = {"blog": 3, "instagram": 10, "tiktok": 12, "youtube_shorts": 10, "twitter": 12}
"""What each network tells: WordPress comments only, Instagram and YouTube no shares."""


async def test_where_nothing_is_known_there_are_zeros(person: Person) -> None:
    found = (await person.get("/analytics")).json()
    days = found.pop("trend_30days")
    assert found == {
        "total_posts": 0,
        "total_engagement": 0,
        "average_engagement": 0,
        "platform_breakdown": [],
    }
    assert len(days) == 30
    assert days[-1] == {"day": utcnow().date().isoformat(), "posts": 0, "engagement": 0}


async def test_published_posts_are_summed_by_network_and_day(person: Person, db: TestDatabase) -> None:
    blog, shop = await make_account(db), await make_account(db, "instagram")
    others = await make_account(db, user_id=USER + 1)
    now = utcnow()
    await make_post(db, blog, status="published", likes=1, comments=2, shares=3, views=100)
    await make_post(db, shop, status="published", likes=4)
    await make_post(db, shop, status="published", likes=10, published_at=now - timedelta(days=1))
    await make_post(db, shop, status="published", likes=10, published_at=now - timedelta(days=40))
    await make_post(db, shop)
    await make_post(db, others, user_id=USER + 1, status="published", likes=99)
    found = (await person.get("/analytics")).json()
    assert (found["total_posts"], found["total_engagement"], found["average_engagement"]) == (4, 30, 7.5)
    assert found["platform_breakdown"] == [
        {"platform": "blog", "posts": 1, "engagement": 6},
        {"platform": "instagram", "posts": 3, "engagement": 24},
    ]
    days = {day["day"]: (day["posts"], day["engagement"]) for day in found["trend_30days"]}
    assert days[now.date().isoformat()] == (2, 10)
    assert days[(now - timedelta(days=1)).date().isoformat()] == (1, 10)
    assert sum(posts for posts, _ in days.values()) == 3


@pytest.mark.parametrize("platform", list(TEMPLATE))
async def test_counts_come_from_the_network(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes, platform: str
) -> None:
    post_id = await author.write(await author.link(platform), "Count me", TEMPLATE[platform])
    await author.publish(post_id)
    post = await author.becomes(post_id, "published")
    (public,) = await fakes.posts()
    await fakes.change(public["network"], post["network_id"], counts=COUNTS)
    http = connect(timeout=2, at_a_time=2, guarded=False)
    networks = adapters_with(http, working.settings)
    keyring = Keyring(committed_db, working.settings, {})
    assert await measure_due(working.database, networks, keyring) == 1
    assert await measure_due(working.database, networks, keyring) == 0  # not due again yet
    await http.aclose()
    seen = await author.seen(post_id)
    assert seen["likes"] + seen["comments"] + seen["shares"] == ENGAGEMENT[platform]
    assert (await author.get("/analytics")).json()["total_engagement"] == ENGAGEMENT[platform]


async def test_what_cannot_be_measured_keeps_its_counts_and_is_said_once(
    author: Person,
    working: Runtime,
    committed_db: Database,
    fakes: Fakes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    account_id = await author.link("blog")
    unknown: dict[str, Any] = {"status": "published", "comments": 5, "measure_at": utcnow()}
    post_id = await make_post(committed_db, account_id, network_id="999", **unknown)
    await make_post(committed_db, account_id, network_id="998", **unknown)
    caplog.set_level(logging.INFO, "sns_service")
    await fakes.fault("wordpress", "status", times=2, status=403)
    http = connect(timeout=2, at_a_time=2, guarded=False)
    keyring = Keyring(committed_db, working.settings, {})
    assert await measure_due(working.database, adapters_with(http, working.settings), keyring) == 0
    await http.aclose()
    assert (await author.seen(post_id))["comments"] == 5
    assert [text for text in caplog.messages if text.startswith("2 posts cannot be measured, such as ")]


def test_a_post_is_measured_ever_less_as_it_ages() -> None:
    now = utcnow()
    waits = [next_time(now - age, now) for age in (timedelta(0), timedelta(hours=3), timedelta(days=2))]
    assert [wait - now for wait in waits if wait] == [
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=4),
    ]
    assert next_time(now - timedelta(days=91), now) is None
