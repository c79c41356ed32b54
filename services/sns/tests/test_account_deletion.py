"""Users who are gone: nothing of theirs is published, and all of it is erased, however much it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from fakes.networks.client import Fakes
from services.sns.tests.factories import STRANGER, USER, Person, make_account, make_post
from services.sns.tests.kit import Workplace
from services.sns.tests.plans import MANY, crowd
from shared.db.database import Database
from shared.schemas.dates import utcnow
from sns_service import account_deletion
from sns_service.account_deletion import erase, erase_user
from sns_service.publishing.claims import Claimed, PublicationClaim, claim
from sns_service.publishing.outcomes import Outcome, settle
from sns_service.schema import Account, Outbox, Post
from testing import eventually
from testing.databases import record_queries
from testing.jobs import enqueued, statuses


async def leave(database: Database, user_id: int = USER) -> None:
    async with database.session() as session:
        await erase_user(session, user_id=user_id)


async def posts_of(database: Database, user_id: int = USER) -> int:
    async with database.session() as session:
        return int(await session.scalar(select(func.count(Post.id)).where(Post.user_id == user_id)) or 0)


async def test_at_once_nothing_can_be_published_and_no_credentials_are_left(
    author: Person, committed_db: Database
) -> None:
    account_id = await author.link(credentials={"username": "a", "application_password": "b"})
    post_id = await author.write(account_id)
    await author.publish(post_id, (utcnow() + timedelta(days=1)).isoformat())
    await leave(committed_db)
    async with committed_db.session() as session:
        account = await session.get_one(Account, account_id)
        assert (account.credentials, account.is_active) == (None, False)
        assert account.deleted_at is not None
        assert (await session.get_one(Post, post_id)).status == "draft"
    assert await enqueued(committed_db) == [("users.erase", {"user_id": USER})]


async def test_whoever_has_much_leaves_quickly_and_is_erased_a_few_posts_at_a_time(
    committed_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_deletion, "UNSCHEDULED_AT_ONCE", 10)
    await crowd(committed_db)
    kept = await make_post(committed_db, await make_account(committed_db, user_id=STRANGER), STRANGER)
    with record_queries() as queries:
        await leave(committed_db)
    assert len(queries) == 4
    assert not any("content" in query for query in queries)
    assert await posts_of(committed_db) == MANY
    with record_queries() as queries:
        await erase(committed_db, user_id=USER)
    assert (
        len([query for query in queries if "DELETE FROM posts" in query])
        == MANY / account_deletion.AT_A_TIME + 1
    )
    async with committed_db.session() as session:
        assert list(await session.scalars(select(Post.id))) == [kept]
        assert list(await session.scalars(select(Account.user_id))) == [STRANGER]
    assert await enqueued(committed_db) == [("users.erase", {"user_id": USER})]


async def test_to_be_told_twice_is_as_to_be_told_once(committed_db: Database, workplace: Workplace) -> None:
    await make_post(committed_db, await make_account(committed_db))
    for _ in range(2):
        await leave(committed_db)
    assert len(await enqueued(committed_db)) == 1
    async with workplace():
        await eventually(lambda: statuses(committed_db), until=lambda found: found == [])
        assert await posts_of(committed_db) == 0
        await leave(committed_db)
        await eventually(lambda: statuses(committed_db), until=lambda found: found == [])


async def test_what_is_due_before_it_is_erased_is_not_published(
    author: Person,
    committed_db: Database,
    workplace: Workplace,
    fakes: Fakes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its job runs, as does one that nobody unscheduled; there is no account any more to publish by."""
    monkeypatch.setattr(account_deletion, "UNSCHEDULED_AT_ONCE", 0)
    monkeypatch.setattr("sns_service.worker.erase", _nothing)
    now = await author.ordered(content="now")
    account_id = await author.link("instagram")
    later = await author.write(account_id, "later", "card_news")
    await author.publish(later, (utcnow() + timedelta(seconds=2)).isoformat())
    await leave(committed_db)
    async with workplace():
        for post_id in (now, later):
            post = await author.becomes(post_id, "failed", "published")
            assert (post["status"], post["failure_code"]) == ("failed", "account_inactive")
    assert await fakes.posts() == []


async def _nothing(_database: Database, *, user_id: int) -> None:
    """An erasure that takes its time."""


async def test_an_attempt_that_is_under_way_ends_without_a_word(
    author: Person, committed_db: Database
) -> None:
    post_id = await author.ordered()
    (claimed,) = await claim(
        committed_db, [PublicationClaim(post_id, 1)], rates={}, lookup_after=timedelta(0)
    )
    assert isinstance(claimed, Claimed)
    await leave(committed_db)
    await erase(committed_db, user_id=USER)
    done = Outcome(claimed, "published", network_id="7")
    assert await settle(committed_db, [done]) == [False]
    assert await claim(committed_db, [PublicationClaim(post_id, 1)], rates={}, lookup_after=timedelta(0)) == [
        None
    ]
    async with committed_db.session() as session:
        assert await session.scalar(select(func.count()).select_from(Outbox)) == 0


async def test_what_was_linked_and_written_while_they_left_is_erased_too(committed_db: Database) -> None:
    await leave(committed_db)
    await make_post(committed_db, await make_account(committed_db, credentials="sealed"))
    await erase(committed_db, user_id=USER)
    assert await posts_of(committed_db) == 0
