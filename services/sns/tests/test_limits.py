"""What a user's accounts and posts are bounded by."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from services.sns.tests.factories import TEMPLATE, Person, make_account, make_post
from shared.schemas.dates import utcnow
from sns_service.linking import service as accounts
from sns_service.posts import drafts
from sns_service.schema import Account
from testing.rollback import TestDatabase


async def test_a_user_links_so_many_accounts_at_a_time(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "MAX_ACCOUNTS", 2)
    await person.link("blog", "one")
    two = await person.link("blog", "two")
    answer = await person.post("/accounts", {"platform": "blog", "account_name": "three"})
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "limit_reached", 2)
    assert "You have 2 accounts" in answer.json()["error"]
    await person.delete(f"/accounts/{two}")
    await person.link("blog", "three")


async def test_an_unlinked_account_stays_as_long_as_it_has_posts(person: Person, db: TestDatabase) -> None:
    kept = await person.link("blog", "kept")
    await person.write(kept)
    await person.delete(f"/accounts/{kept}")
    for _ in range(3):
        await person.delete(f"/accounts/{await person.link('blog', 'again')}")
    last = await person.link("blog", "last")
    async with db.session() as session:
        assert list(await session.scalars(select(Account.id).order_by(Account.id))) == [kept, last]


async def test_a_user_has_so_many_posts_that_are_not_published(
    person: Person, db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_UNPUBLISHED", 3)
    account_id = await make_account(db)
    for _ in range(3):
        await make_post(db, account_id, status="published")
    draft = {"account_id": account_id, "content": "x", "template_type": TEMPLATE["blog"]}
    await person.post("/posts", draft)
    tomorrow = (utcnow() + timedelta(days=1)).isoformat()
    many = {"posts": [{**draft, "scheduled_at": tomorrow}] * 3}
    answer = await person.post("/posts/bulk", many)
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "limit_reached", 3)
    assert (await person.post("/posts/bulk", {"posts": many["posts"][:2]})).status_code == 201
    assert (await person.post("/posts", draft)).status_code == 409
    assert (await person.get("/posts")).json()["total"] == 6


async def test_a_user_has_so_many_posts_in_all(
    person: Person, db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_POSTS", 1)
    account_id = await make_account(db)
    await make_post(db, account_id, status="published")
    answer = await person.post(
        "/posts", {"account_id": account_id, "content": "x", "template_type": TEMPLATE["blog"]}
    )
    assert answer.json()["error"] == "You have 1 posts, and one more is too many: the maximum is 1."
    async with db.session() as session:
        assert await session.scalar(select(func.count()).select_from(Account)) == 1
