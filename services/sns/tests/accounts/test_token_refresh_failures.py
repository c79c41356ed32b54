"""Access that cannot be renewed, now or ever: who can help is told, and nobody is asked for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fakes.networks.client import Fakes
from services.sns.tests.accounts.access import access, kept, long_lived, order
from services.sns.tests.factories import Person
from services.sns.tests.kit import Workplace
from shared.db.database import Database
from shared.runtime import Runtime

ENDPOINT = {"tiktok": "/oauth/token/", "youtube_shorts": "/youtube/token", "twitter": "/2/oauth2/token"}
NETWORK = {"tiktok": "tiktok", "youtube_shorts": "youtube", "twitter": "twitter"}
PATH = {"tiktok": "/v2/oauth/token/", "youtube_shorts": "/token", "twitter": "/2/oauth2/token"}
PAST, SOON = timedelta(minutes=-1), timedelta(minutes=2)
pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")


@pytest.mark.parametrize("platform", list(ENDPOINT))
async def test_withdrawn_access_tells_the_author_to_link_again_and_is_asked_for_once(
    author: Person, working: Runtime, fakes: Fakes, platform: str
) -> None:
    account_id = await author.link(platform, credentials=access(refresh_token="revoked-1"))
    await fakes.expire("old")
    for content in ("One", "Two"):
        post_id = await order(author, account_id, platform, content)
        post = await author.becomes(post_id, "failed", "published")
        assert (post["failure_code"], post["tries"]) == ("credentials_rejected", 0)
        assert post["failure"].endswith("Link the account again, then retry the post.")
    assert await fakes.requests(NETWORK[platform], f"POST {PATH[platform]}") == 1
    await author.patch(f"/accounts/{account_id}", {"credentials": access()})
    await author.post(f"/posts/{post_id}/retry")
    assert (await author.becomes(post_id, "published"))["failure"] is None


async def test_an_instagram_token_that_has_expired_cannot_be_renewed(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link("instagram", credentials=long_lived(expires=PAST))
    await fakes.expire("old")
    post = await author.becomes(await order(author, account_id, "instagram"), "failed", "published")
    assert post["failure_code"] == "credentials_rejected"
    assert "Link the account again" in post["failure"]


@pytest.mark.parametrize(
    ("platform", "kind"),
    [(platform, kind) for platform in ENDPOINT for kind in ("status", "drop_before")]
    + [("youtube_shorts", "slow"), ("youtube_shorts", "drop_after")],
)
async def test_a_renewal_that_fails_is_tried_again(
    author: Person, working: Runtime, fakes: Fakes, platform: str, kind: str
) -> None:
    account_id = await author.link(platform, credentials=access(expires=PAST))
    seconds = 1.3 if kind == "slow" else 0
    await fakes.fault(NETWORK[platform], kind, path=ENDPOINT[platform], seconds=seconds)
    post = await author.becomes(await order(author, account_id, platform), "published", "failed")
    assert post["status"] == "published", post
    assert len(await fakes.posts()) == 1


async def test_where_the_answer_with_a_replaced_refresh_token_got_lost_only_the_author_can_help(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link("tiktok", credentials=access(expires=PAST))
    await fakes.fault("tiktok", "drop_after", path="/oauth/token/")
    post = await author.becomes(await order(author, account_id), "published", "failed")
    assert (post["failure_code"], post["tries"]) == ("credentials_rejected", 1)
    assert "Link the account again" in post["failure"]


async def test_a_renewal_that_always_fails_fails_the_post_as_unavailable(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link("tiktok", credentials=access(expires=PAST))
    await fakes.fault("tiktok", "status", path="/oauth/token/", status=500, times=100)
    post = await author.becomes(await order(author, account_id), "published", "failed")
    assert (post["failure_code"], post["tries"]) == ("unavailable", 4)
    assert "TikTok answered 500" in post["failure"]
    assert await fakes.posts() == []
    assert (await kept(committed_db, account_id))["refresh_token"] == "r1"


async def test_while_a_token_is_good_what_goes_wrong_with_renewing_it_does_no_harm(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    faults: list[dict[str, Any]] = [{"status": 500}, {"status": 400, "body": {"error": "invalid_grant"}}]
    for number, fault in enumerate(faults):
        account_id = await author.link("tiktok", str(number), credentials=access(expires=SOON))
        await fakes.fault("tiktok", "status", path="/oauth/token/", **fault)
        post = await author.becomes(await order(author, account_id), "published", "failed")
        assert (post["status"], post["tries"]) == ("published", 0)
    assert {post["account"] for post in await fakes.posts()} == {"old"}


async def test_a_client_secret_that_is_wrong_is_ours_to_repair_and_not_the_authors(
    author: Person,
    workplace: Workplace,
    committed_db: Database,
    fakes: Fakes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    account_id = await author.link("youtube_shorts", credentials=access(expires=PAST))
    async with workplace(youtube_client_secret="mistyped"):
        post_id = await order(author, account_id, "youtube_shorts")
        post = await author.becomes(post_id, "published", "failed")
    assert post["failure_code"] == "unavailable"
    assert "check our client id and secret" in caplog.text
    async with workplace():
        await author.post(f"/posts/{post_id}/retry")
        await author.becomes(post_id, "published")


async def test_a_network_that_rejects_the_new_token_too_is_not_asked_for_ever(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link("tiktok", credentials=access())
    await fakes.fault("tiktok", "status", path="/init/", status=401, times=100)
    post = await author.becomes(await order(author, account_id), "published", "failed")
    assert (post["failure_code"], await fakes.renewals()) == ("credentials_rejected", ["r1"])
    assert await fakes.requests("tiktok", "POST /v2/post/publish/content/init/") == 2


async def test_a_right_that_the_user_never_granted_is_not_had_by_renewing(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link("tiktok", credentials=access())
    body = {"error": {"code": "scope_not_authorized", "message": "The user did not authorize the scope"}}
    await fakes.fault("tiktok", "status", path="/init/", status=401, body=body)
    post = await author.becomes(await order(author, account_id), "published", "failed")
    assert (post["failure_code"], await fakes.renewals()) == ("credentials_rejected", [])
