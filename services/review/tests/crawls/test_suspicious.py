"""A crawl that loses most of a site's listings keeps them, and asks an operator."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import update
from starlette.responses import HTMLResponse, PlainTextResponse

from fakes.partners import render
from review_service.commands import CRAWLS
from review_service.schema import Crawl, Listing
from services.review.tests.crawls.conftest import SITE, PartnerSite, offer
from services.review.tests.crawls.kit import crawl, shown
from services.review.tests.factories import Person
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase


async def run(runtime: Runtime, *words: str) -> int:
    """The command's exit status."""
    parser = argparse.ArgumentParser()
    CRAWLS.configure(parser)
    return await CRAWLS.run(parser.parse_args(words), runtime) or 0


def counted(status: str) -> float:
    return REGISTRY.get_sample_value("crawls_total", {"site": SITE, "status": status}) or 0


@pytest.fixture
async def lost(runtime: Runtime, partner: PartnerSite) -> Crawl:
    """Ten listings, of which the site then shows two, and a new one."""
    partner.offers = [offer(number) for number in range(10)]
    assert (await crawl(runtime)).added == 10
    partner.offers = [offer(0, reward="쿠폰 두 장"), offer(1), offer(11)]
    return await crawl(runtime)


async def test_most_listings_lost_are_kept_and_the_crawl_says_so(
    client: httpx.AsyncClient, runtime: Runtime, partner: PartnerSite, db: TestDatabase
) -> None:
    partner.offers = [offer(number) for number in range(10)]
    await crawl(runtime)
    before, alarms = await shown(db), counted("suspicious")
    partner.offers = [offer(0, reward="쿠폰 두 장"), offer(11)]
    done = await crawl(runtime)
    assert (done.status, done.added, done.updated, done.retired) == ("suspicious", 1, 1, 0)
    assert "9 of 10 open listings" in (done.error or "")
    assert {**await shown(db), **before} == await shown(db)
    assert counted("suspicious") == alarms + 1
    assert (await client.get("/api/experience/listings")).json()["total"] == 11
    site = (await client.get("/api/experience/sites")).json()["sites"][SITE]
    assert (site["status"], site["count"]) == ("suspicious", 11)
    latest = (await Person(client, 1, "admin").get("/api/experience/crawls")).json()[0]
    assert (latest["status"], latest["error"]) == ("suspicious", done.error)


async def test_what_is_not_changed_since_does_not_hide_the_loss(
    runtime: Runtime, partner: PartnerSite, lost: Crawl, db: TestDatabase
) -> None:
    again = await crawl(runtime)
    assert (again.status, again.unchanged_pages) == ("suspicious", 0)
    assert len(await shown(db)) == 11
    async with db.session() as session:
        assert (await session.get_one(Crawl, lost.id)).status == "failed"  # one question of a site at a time


async def test_an_operator_confirms_and_the_listings_go(
    client: httpx.AsyncClient,
    runtime: Runtime,
    lost: Crawl,
    db: TestDatabase,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (await client.get("/api/experience/listings")).json()["total"] == 11
    assert await run(runtime, "suspicious") == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["id"], told["site"], told["would_retire"]) == (lost.id, SITE, 8)
    assert await run(runtime, "confirm", str(lost.id)) == 0
    assert set(await shown(db)) == {"o-0", "o-1", "o-11"}
    assert (await client.get("/api/experience/listings")).json()["total"] == 3
    assert (await client.get("/api/experience/sites")).json()["sites"][SITE]["status"] == "succeeded"
    assert await run(runtime, "confirm", str(lost.id)) == 1  # it is decided
    assert "is not suspicious" in capsys.readouterr().err
    assert (await crawl(runtime)).status == "succeeded"
    assert await run(runtime, "suspicious") == 0
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "No suspicious crawls.\n")


async def test_an_operator_dismisses_and_the_listings_stay_and_the_next_crawl_asks_again(
    runtime: Runtime, lost: Crawl, db: TestDatabase
) -> None:
    assert await run(runtime, "dismiss", str(lost.id)) == 0
    assert len(await shown(db)) == 11
    async with db.session() as session:
        assert (await session.get_one(Crawl, lost.id)).status == "failed"
    assert await run(runtime, "confirm", str(lost.id)) == 1
    assert (await crawl(runtime)).status == "suspicious"


async def test_a_site_that_is_well_again_needs_no_answer_and_an_old_one_takes_nothing(
    runtime: Runtime, partner: PartnerSite, lost: Crawl, db: TestDatabase
) -> None:
    partner.offers = [offer(number) for number in range(10)]
    done = await crawl(runtime)
    assert (done.status, done.retired) == ("succeeded", 1)
    assert await run(runtime, "confirm", str(lost.id)) == 1
    assert len(await shown(db)) == 10


async def test_listings_that_are_past_their_deadline_may_go_together(
    runtime: Runtime, partner: PartnerSite, db: TestDatabase
) -> None:
    partner.offers = [offer(number) for number in range(10)]
    await crawl(runtime)
    async with db.session() as session:
        await session.execute(
            update(Listing).where(Listing.external_id > "o-2").values(deadline=utcnow() - timedelta(days=1))
        )
    partner.offers = [offer(number) for number in range(3)]
    done = await crawl(runtime)
    assert (done.status, done.retired) == ("succeeded", 7)


async def test_a_page_of_entries_that_nobody_can_read_keeps_its_listings(
    runtime: Runtime, partner: PartnerSite, db: TestDatabase
) -> None:
    partner.offers, partner.per_page = [offer(number) for number in range(10)], 8
    await crawl(runtime)
    before = await shown(db)
    changed = render(SITE, partner.offers, page=2, per_page=8).replace('class="title"', 'class="name"')
    partner.replies["/list?page=2"] = lambda: HTMLResponse(changed)
    done = await crawl(runtime)
    assert (done.status, done.skipped, done.retired) == ("suspicious", 2, 0)
    assert "none of its 2 entries" in (done.error or "")
    assert await shown(db) == before


async def test_half_is_not_most_and_a_site_with_two_listings_may_lose_one(
    runtime: Runtime, partner: PartnerSite
) -> None:
    partner.offers = [offer(number) for number in range(4)]
    await crawl(runtime)
    partner.offers = [offer(0), offer(1)]
    assert (await crawl(runtime)).retired == 2
    partner.offers = [offer(0)]
    assert (await crawl(runtime)).retired == 1


async def test_a_failure_after_it_leaves_the_question_open(
    runtime: Runtime, partner: PartnerSite, lost: Crawl, db: TestDatabase
) -> None:
    partner.replies["/list"] = PlainTextResponse("oops", 500)
    assert (await crawl(runtime)).status == "failed"
    assert await run(runtime, "confirm", str(lost.id)) == 0
    assert len(await shown(db)) == 3
