"""Access that has expired is renewed, and a post does not notice."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select

from fakes.networks.client import Fakes
from services.sns.tests.accounts.access import access, kept, long_lived, order, when
from services.sns.tests.factories import Person
from services.sns.tests.kit import Workplace
from shared.db.database import Database
from shared.observability.logging import JsonFormatter
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.accounts.keyring import Keyring
from sns_service.analytics.measuring import measure_due
from sns_service.networks.registry import adapters_with, token_refreshers_with
from sns_service.networks.transport import connect
from sns_service.tables import Outbox

PLATFORMS = ["tiktok", "youtube_shorts"]
PAST, SOON = timedelta(minutes=-1), timedelta(minutes=2)
pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_token_that_the_network_rejects_is_renewed_and_the_post_appears_once(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes, platform: str
) -> None:
    account_id = await author.link(platform, credentials=access())
    await fakes.expire("old")
    post = await author.becomes(await order(author, account_id, platform), "published", "failed")
    assert (post["status"], post["tries"]) == ("published", 0), post
    (public,) = await fakes.posts()
    fresh = await kept(committed_db, account_id)
    assert public["account"] == fresh["access_token"] != "old"
    assert (fresh["refresh_token"] != "r1") == (platform == "tiktok")  # TikTok replaces it
    assert timedelta(minutes=59) < when(fresh) - utcnow() <= timedelta(hours=1)
    await fakes.expire(fresh["access_token"])
    await author.becomes(await order(author, account_id, platform, "Again"), "published")
    assert await fakes.renewals() == ["r1", fresh["refresh_token"]]


@pytest.mark.parametrize("platform", [*PLATFORMS, "instagram"])
async def test_a_token_that_expires_soon_is_renewed_before_the_network_rejects_it(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes, platform: str
) -> None:
    soon = long_lived(expires=timedelta(days=9)) if platform == "instagram" else access(expires=SOON)
    await fakes.set(expires_in=60 * 86400)
    account_id = await author.link(platform, credentials=soon)
    for content in ("One", "Two"):
        await author.becomes(await order(author, account_id, platform, content), "published")
    assert len(await fakes.renewals()) == 1
    fresh = await kept(committed_db, account_id)
    assert fresh["access_token"] != "old"
    assert when(fresh) - utcnow() > timedelta(days=59)


async def test_a_token_that_is_good_for_long_is_left_alone(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link("tiktok", credentials=access(expires=timedelta(minutes=10)))
    await author.becomes(await order(author, account_id), "published")
    assert await fakes.renewals() == []


async def test_without_a_client_of_ours_tokens_are_used_as_they_are(
    author: Person, workplace: Workplace, fakes: Fakes
) -> None:
    account_id = await author.link("tiktok", credentials=access(expires=PAST))
    await fakes.expire("old")
    async with workplace(tiktok_client_key=None, tiktok_client_secret=None):
        post = await author.becomes(await order(author, account_id), "published", "failed")
    assert (post["failure_code"], await fakes.renewals()) == ("credentials_rejected", [])
    assert post["failure"].startswith("TikTok answered 401")


async def test_a_token_that_expires_on_the_way_does_not_publish_twice(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    tiktok = await author.link("tiktok", credentials=access())
    await fakes.fault("tiktok", "status", path="/status/fetch/", status=401)
    instagram = await author.link("instagram", credentials=long_lived(expires=timedelta(days=30)))
    invalid = {"error": {"message": "Session has expired", "code": 190}}
    await fakes.fault("instagram", "status", path="/media_publish", status=400, body=invalid, times=1)
    youtube = await author.link("youtube_shorts", credentials=access())
    await fakes.fault("youtube", "status", path="/upload/session/", status=401)
    for account_id, platform in ((tiktok, "tiktok"), (instagram, "instagram"), (youtube, "youtube_shorts")):
        post = await author.becomes(await order(author, account_id, platform), "published", "failed")
        assert post["status"] == "published", post
    assert sorted(post["network"] for post in await fakes.posts()) == ["instagram", "tiktok", "youtube"]
    assert sorted(await fakes.renewals()) == ["old", "r1", "r1"]
    assert await fakes.requests("youtube", "POST /upload/youtube/v3/videos") == 1
    assert (
        await fakes.requests("instagram", "POST /u1/media") == 3
    )  # one container, published at the second time


async def test_counts_are_asked_for_with_renewed_access(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes
) -> None:
    for platform in PLATFORMS:
        account_id = await author.link(platform, credentials=access())
        for content in ("One", "Two"):
            await author.becomes(await order(author, account_id, platform, content), "published")
    await fakes.expire("old")
    http = connect(timeout=2, at_a_time=5, guarded=False)
    keyring = Keyring(committed_db, working.settings, token_refreshers_with(http, working.settings))
    assert await measure_due(working.database, adapters_with(http, working.settings), keyring) == 4
    await http.aclose()
    assert await fakes.renewals() == ["r1", "r1"]  # once for each account, not for each post


async def test_no_token_is_told_or_logged(
    author: Person,
    working: Runtime,
    committed_db: Database,
    fakes: Fakes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {"access_token": "old-plugh", "refresh_token": "revoked-xyzzy"}
    refused = await author.link("tiktok", credentials=secrets)
    renewed = await author.link("youtube_shorts", credentials=access(refresh_token="plover"))
    kept_long = await author.link("instagram", credentials=long_lived(expires=timedelta(days=1)))
    await fakes.expire("old-plugh", "old")
    for account_id, platform in ((refused, "tiktok"), (renewed, "youtube_shorts"), (kept_long, "instagram")):
        await author.becomes(await order(author, account_id, platform), "published", "failed")
    async with committed_db.session() as session:
        told = [str(data) for data in await session.scalars(select(Outbox.data))]
    texts = [(await author.get(path)).text for path in ("/accounts", "/posts")] + told
    lines = JsonFormatter("sns")
    texts += [lines.format(record) for record in caplog.records if not _silenced(record.name)]
    fresh = (await kept(committed_db, renewed))["access_token"]
    for text in texts:
        for secret in ("plugh", "xyzzy", "plover", fresh):
            assert secret not in text


def _silenced(logger: str) -> bool:
    """Of what shared.observability.logging lets through warnings only."""
    return logger.startswith(("httpx", "httpcore", "asyncio"))
