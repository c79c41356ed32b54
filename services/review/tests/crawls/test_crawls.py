"""A crawl from the admin's request to the board."""

from __future__ import annotations

import httpx
import pytest

from review_service.crawls.models import Crawl
from services.review.tests.crawls.conftest import SITE, PartnerSite, offer
from services.review.tests.crawls.kit import crawl, shown
from services.review.tests.factories import Person, make_listing
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.app import pages_of
from testing.jobs import enqueued
from testing.rollback import TestDatabase
from testing.tokens import auth_headers

CRAWL, CRAWLS = "/api/experience/crawl", "/api/experience/crawls"


@pytest.fixture
def admin(client: httpx.AsyncClient) -> Person:
    return Person(client, 1, "admin")


async def test_only_admins_crawl_and_look_at_crawls(client: httpx.AsyncClient) -> None:
    assert (await client.post(CRAWL)).status_code == 401
    user = Person(client, 100)
    for answer in (await user.post(CRAWL, {}), await user.get(CRAWLS)):
        assert (answer.status_code, answer.json()["code"]) == (403, "admin_required")


async def test_the_next_page_of_crawls_is_of_the_same_site(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    async with db.session() as session:
        made = [
            Crawl(site=site, status="failed", started_by="x", finished_at=utcnow())
            for site in ("a b", "c") * 3
        ]
        session.add_all(made)
        await session.flush()
        ids = sorted((crawl.id for crawl in made if crawl.site == "a b"), reverse=True)
    pages = await pages_of(client, f"{CRAWLS}?site=a%20b&limit=2", auth_headers(1, "admin"))
    assert pages == [ids[:2], ids[2:]]


async def test_an_admin_starts_one_site_or_all_and_each_runs_once_at_a_time(
    admin: Person, db: TestDatabase
) -> None:
    one = await admin.post(CRAWL, {"site": SITE})
    assert (one.status_code, one.json()) == (202, {"status": "started", "site": SITE})
    again = await admin.post(CRAWL, {"site": SITE})
    assert again.json() == {"status": "already running", "site": SITE}
    rest = await admin.post(CRAWL)
    assert rest.json() == {"status": "started", "sites_crawled": ["danggeun"]}
    assert [name for name, _ in await enqueued(db)] == ["crawls.run", "crawls.run"]
    listed = (await admin.get(CRAWLS)).json()
    assert [(item["site"], item["status"], item["started_by"]) for item in listed] == [
        ("danggeun", "queued", "admin 1"),
        (SITE, "queued", "admin 1"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"site": "nowhere"}, 422, "unknown_site"),
        ({"site": "soomgo"}, 409, "site_not_configured"),
    ],
)
async def test_a_site_that_cannot_be_crawled_is_said(
    admin: Person, body: dict[str, str], status: int, code: str
) -> None:
    answer = await admin.post(CRAWL, body)
    assert answer.status_code == status
    assert code in (answer.json()["code"], "validation_error")


async def test_a_crawl_adds_what_a_site_shows_and_it_shows_at_once(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite
) -> None:
    assert (await client.get("/api/experience/listings")).json()["total"] == 0
    partner.offers = [offer(number) for number in range(1, 6)]
    done = await crawl(runtime)
    assert (done.status, done.error) == ("succeeded", None)
    assert (done.pages, done.found, done.added, done.updated, done.retired) == (3, 5, 5, 0, 0)
    board = (await client.get(f"/api/experience/listings?site={SITE}")).json()
    assert board["total"] == 5
    first = board["data"][-1]
    assert (
        first.items()
        >= {
            "site": SITE,
            "title": "체험단 1",
            "url": f"{partner.url}/items/o-1",
            "category": "food",
            "reward": "쿠폰",
            "image_url": f"{partner.url}/img/o-1.jpg",
            "deadline": "2099-12-24T14:59:00Z",
        }.items()
    )
    site = (await client.get("/api/experience/sites")).json()["sites"][SITE]
    assert (site["name"], site["count"], site["status"]) == ("Coupang Eats", 5, "succeeded")
    assert site["last_crawled_at"]


async def test_the_next_crawl_adds_updates_and_retires_and_what_comes_back_has_its_old_id(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite, db: TestDatabase
) -> None:
    await crawl(runtime)
    before = await shown(db)
    partner.offers = [offer(1, reward="쿠폰 두 장"), offer(3)]
    done = await crawl(runtime)
    assert (done.added, done.updated, done.retired) == (1, 1, 1)
    between = await shown(db)
    assert (set(between), between["o-1"]) == ({"o-1", "o-3"}, before["o-1"])
    gone = await client.get(f"/api/experience/listings/{before['o-2']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "listing_not_found")
    kept = (await client.get(f"/api/experience/listings/{before['o-1']}")).json()
    assert kept["reward"] == "쿠폰 두 장"
    partner.offers = [offer(1, reward="쿠폰 두 장"), offer(2), offer(3)]
    back = await crawl(runtime)
    assert (back.added, back.updated, back.retired) == (0, 1, 0)
    assert await shown(db) == {**between, "o-2": before["o-2"]}


async def test_other_sites_listings_stay_as_they_are(
    runtime: Runtime, partner: PartnerSite, db: TestDatabase
) -> None:
    other = await make_listing(db, "today_deal")
    await crawl(runtime)
    assert other in (await shown(db)).values()


async def test_what_has_not_changed_is_not_sent_again_and_stays(
    runtime: Runtime, partner: PartnerSite, db: TestDatabase
) -> None:
    partner.offers = [offer(number) for number in range(1, 5)]
    await crawl(runtime)
    before = await shown(db)
    partner.asked.clear()
    done = await crawl(runtime)
    assert (done.status, done.pages, done.unchanged_pages, done.found, done.retired) == (
        "succeeded",
        2,
        2,
        0,
        0,
    )
    assert all(headers["if-none-match"] for path, headers in partner.asked if path != "/robots.txt")
    assert await shown(db) == before
    partner.offers[3] = offer(9)  # the second page alone is another one now
    half = await crawl(runtime)
    assert (half.unchanged_pages, half.added, half.retired) == (1, 1, 1)


async def test_the_same_listing_on_two_pages_is_one(
    runtime: Runtime, partner: PartnerSite, db: TestDatabase
) -> None:
    partner.offers = [offer(1), offer(2), offer(1), offer(3)]
    assert (await crawl(runtime)).added == 3
    assert len(await shown(db)) == 3


async def test_a_crawl_that_is_run_again_after_it_is_over_does_nothing(
    runtime: Runtime, partner: PartnerSite
) -> None:
    from review_service.crawls import service

    done = await crawl(runtime)
    partner.asked.clear()
    await service.run(runtime.database, runtime.cache, settings=runtime.settings, crawl_id=done.id)
    assert partner.asked == []


async def test_crawls_that_were_lost_do_not_hold_their_site_for_ever(
    runtime: Runtime, partner: PartnerSite, db: TestDatabase
) -> None:
    from datetime import timedelta

    from review_service.schema import Crawl
    from shared.schemas.dates import utcnow

    async with db.session() as session:
        session.add(
            Crawl(site=SITE, status="running", started_by="x", started_at=utcnow() - timedelta(hours=2))
        )
    assert (await crawl(runtime)).status == "succeeded"


async def test_the_schedule_crawls_every_configured_site(runtime: Runtime, db: TestDatabase) -> None:
    from review_service.worker import build_jobs

    await build_jobs().schedules["crawl_sites"].handler(runtime)
    assert sorted(payload["site"] for _, payload in await enqueued(db)) == [SITE, "danggeun"]
