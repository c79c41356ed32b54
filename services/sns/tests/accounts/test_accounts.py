"""Linked accounts over HTTP, and their credentials."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import httpx
import pytest

from services.sns.tests.conftest import KEY
from services.sns.tests.factories import STRANGER, USER, Person, make_post, subscribe
from shared.encryption import Cipher
from sns_service.accounts.credentials import unseal
from sns_service.schema import Account
from testing.app import pages_of
from testing.rollback import TestDatabase
from testing.tokens import auth_headers

SECRET = "xyzz plugh abcd efgh"
BLOG = {"username": "kim", "application_password": SECRET, "site_url": "https://kim.example"}


async def test_an_account_is_linked_listed_and_unlinked(person: Person, db: TestDatabase) -> None:
    answer = await person.post("/accounts", {"platform": "instagram", "account_name": " my shop "})
    assert answer.status_code == 201
    assert answer.json()["message"]
    account_id = answer.json()["id"]
    await make_post(db, account_id)
    (card,) = (await person.get("/accounts")).json()
    assert card.pop("created_at").endswith("Z")
    assert card == {
        "id": account_id,
        "platform": "instagram",
        "account_name": "my shop",
        "is_active": True,
        "has_credentials": False,
        "paused_until": None,
        "post_count": 1,
    }
    assert (await person.get(f"/accounts/{account_id}")).json()["post_count"] == 1
    assert (await person.delete(f"/accounts/{account_id}")).status_code == 200
    assert (await person.get("/accounts")).json() == []
    assert (await person.delete(f"/accounts/{account_id}")).status_code == 404
    assert await person.link("instagram", "My Shop") == account_id
    assert (await person.get(f"/accounts/{account_id}")).json()["post_count"] == 1


async def test_the_same_account_is_linked_once(person: Person) -> None:
    await person.link("tiktok", "Kim")
    answer = await person.post("/accounts", {"platform": "tiktok", "account_name": "kim"})
    assert (answer.status_code, answer.json()["code"]) == (409, "account_exists")
    assert answer.json()["errors"][0]["field"] == "account_name"
    await person.link("instagram", "Kim")
    await person.link("blog", "Caf\u00e9")
    answer = await person.post("/accounts", {"platform": "blog", "account_name": "cafe\u0301"})
    assert (answer.status_code, answer.json()["code"]) == (409, "account_exists")
    for name in ("Cafe\u200b", "\u3164"):
        answer = await person.post("/accounts", {"platform": "blog", "account_name": name})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "account_name")


async def test_another_users_account_does_not_exist(
    person: Person, client: httpx.AsyncClient, db: TestDatabase
) -> None:
    account_id = await person.link()
    await subscribe(db, STRANGER)
    stranger = Person(client, STRANGER)
    assert (await stranger.get("/accounts")).json() == []
    for answer in (
        await stranger.get(f"/accounts/{account_id}"),
        await stranger.delete(f"/accounts/{account_id}"),
        await stranger.patch(f"/accounts/{account_id}", {"account_name": "mine"}),
        await stranger.post(
            "/posts", {"account_id": account_id, "content": "x", "template_type": "blog_post"}
        ),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "account_not_found")


async def test_credentials_are_kept_encrypted_and_never_shown(
    person: Person, db: TestDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account_id = await person.link(credentials=BLOG)
    answers = [
        await person.get("/accounts"),
        await person.get(f"/accounts/{account_id}"),
        await person.patch(f"/accounts/{account_id}", {"credentials": BLOG | {"site_url": "not an address"}}),
    ]
    assert answers[0].json()[0]["has_credentials"] is True
    assert answers[2].status_code == 422
    assert answers[2].json()["errors"][0]["field"] == "credentials.site_url"
    for answer in answers:
        assert SECRET not in answer.text
        assert "not an address" not in answer.text
    assert SECRET not in caplog.text
    async with db.session() as session:
        account = await session.get_one(Account, account_id)
    assert account.credentials is not None
    assert SECRET not in account.credentials
    assert unseal(Cipher([KEY]), account.credentials) == BLOG
    assert SECRET not in repr(account)


@pytest.mark.parametrize(
    ("platform", "credentials", "field"),
    [
        ("blog", {"username": "kim"}, "credentials.application_password"),
        ("instagram", {"access_token": "t"}, "credentials.user_id"),
        ("tiktok", {}, "credentials.access_token"),
        ("youtube_shorts", {"access_token": "t", "password": "p"}, "credentials.password"),
        ("youtube_shorts", {"access_token": "t", "expires_at": "soon"}, "credentials.expires_at"),
        (
            "instagram",
            {"access_token": "t", "user_id": "u", "refresh_token": "r"},
            "credentials.refresh_token",
        ),
        ("tiktok", {"access_token": "to\u200bken"}, "credentials.access_token"),
        ("tiktok", {"access_token": "to ken"}, "credentials.access_token"),
        ("tiktok", {"access_token": "t", "refresh_token": "r\u00e9"}, "credentials.refresh_token"),
        ("instagram", {"access_token": "t\nt", "user_id": "u"}, "credentials.access_token"),
        ("instagram", {"access_token": "t", "user_id": "1\u200b7"}, "credentials.user_id"),
        ("instagram", {"access_token": "t", "user_id": "1 7"}, "credentials.user_id"),
        ("blog", {"username": "k\u200bim", "application_password": "p"}, "credentials.username"),
        (
            "blog",
            {"username": "kim", "application_password": "ab\u00a0cd"},
            "credentials.application_password",
        ),
        ("blog", {"username": "kim", "application_password": "ab\tcd"}, "credentials.application_password"),
    ],
)
async def test_wrong_credentials_are_refused_by_name(
    person: Person, platform: str, credentials: dict[str, str], field: str
) -> None:
    body = {"platform": platform, "account_name": "x", "credentials": credentials}
    answer = await person.post("/accounts", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_name_at_a_blog_may_be_in_any_script(person: Person) -> None:
    await person.link(credentials={"username": "\uae40 \ubbfc", "application_password": "abcd EFGH 1234"})


async def test_credentials_may_say_how_long_they_last_and_how_they_are_renewed(
    person: Person, db: TestDatabase
) -> None:
    given = {"access_token": "t", "refresh_token": "r", "expires_at": "2030-01-31T18:00:00+09:00"}
    for platform in ("tiktok", "youtube_shorts"):
        account_id = await person.link(platform, credentials=given)
        async with db.session() as session:
            account = await session.get_one(Account, account_id)
        assert account.credentials is not None
        assert unseal(Cipher([KEY]), account.credentials) == given | {"expires_at": "2030-01-31T09:00:00Z"}
        assert account.renew_at is None
    long_lived = {"access_token": "t", "user_id": "u", "expires_at": "2030-01-31T18:00:00"}
    account_id = await person.link("instagram", credentials=long_lived)
    async with db.session() as session:
        account = await session.get_one(Account, account_id)
    assert account.renew_at == datetime(2030, 1, 21, 18, tzinfo=UTC)


async def test_an_account_is_renamed_switched_off_and_given_other_credentials(person: Person) -> None:
    account_id, other = await person.link(name="one"), await person.link(name="two")
    for change in ({"account_name": "three"}, {"is_active": False}, {"credentials": BLOG}):
        assert (await person.patch(f"/accounts/{account_id}", change)).status_code == 200
    card = (await person.get(f"/accounts/{account_id}")).json()
    assert (card["account_name"], card["is_active"], card["has_credentials"]) == ("three", False, True)
    await person.patch(f"/accounts/{account_id}", {"credentials": None})
    assert (await person.get(f"/accounts/{account_id}")).json()["has_credentials"] is False
    assert (await person.patch(f"/accounts/{other}", {"account_name": "three"})).status_code == 409
    for wrong in ({"account_name": None}, {"is_active": None}):
        assert (await person.patch(f"/accounts/{other}", wrong)).status_code == 422


@pytest.mark.parametrize("prefix", ["/api/sns", "/api/sns-auto"])
async def test_the_list_of_accounts_leads_on_by_either_name(person: Person, prefix: str) -> None:
    ids = [await person.link(name=name) for name in ("one", "two", "three")][::-1]
    pages = await pages_of(person.client, f"{prefix}/accounts?limit=2", auth_headers(USER))
    assert pages == [ids[:2], ids[2:]]


async def test_what_nobody_filled_in_stays(person: Person) -> None:
    account_id = await person.link(name="one")
    await person.patch(f"/accounts/{account_id}", {"credentials": BLOG})
    unfilled = {"account_name": "", "credentials": "", "is_active": "", "platform": "tiktok"}
    assert (await person.patch(f"/accounts/{account_id}", unfilled)).status_code == 200
    card = (await person.get(f"/accounts/{account_id}")).json()
    assert (card["account_name"], card["is_active"], card["has_credentials"]) == ("one", True, True)
    assert card["platform"] == "blog"


async def test_a_repeated_request_with_the_same_key_links_one_account(person: Person) -> None:
    body = {"platform": "blog", "account_name": "mine"}
    first = await person.post("/accounts", body, key="k")
    again = await person.post("/accounts", body, key="k")
    assert (again.status_code, again.json()) == (201, first.json())
    assert len((await person.get("/accounts")).json()) == 1
