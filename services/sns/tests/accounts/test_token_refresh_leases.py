"""Access is renewed by one worker at a time, and nothing of it is lost or written over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import httpx
import pytest
from cryptography.fernet import Fernet

from fakes.networks.client import Fakes
from services.sns.tests.accounts.access import (
    account_of,
    change_account,
    kept,
    keyring_of,
    order,
    used,
)
from services.sns.tests.conftest import KEY
from services.sns.tests.factories import Person
from services.sns.tests.kit import Workplace
from shared.db.database import Database
from shared.encryption import Cipher
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from shared.service import ServiceDefinition
from sns_service.accounts.credential_commands import rotate
from sns_service.accounts.keyring import Holder, Keyring
from sns_service.networks.errors import TokenRejected, Working
from testing import eventually
from testing.service_fixtures import RuntimeFactory

Worker = Callable[[], Awaitable[str]]
pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")
PAST = timedelta(minutes=-1)


async def test_many_posts_of_several_workers_renew_access_once(
    author: Person, workplace: Workplace, committed_db: Database, account_id: int, fakes: Fakes
) -> None:
    posts = [await order(author, account_id, content=f"Post {number}") for number in range(12)]
    await fakes.fault("tiktok", "slow", path="/oauth/token/", seconds=0.5)
    async with workplace(publish_at_a_time=4), workplace(publish_at_a_time=4):
        for post_id in posts:
            post = await author.becomes(post_id, "published", "failed")
            assert (post["status"], post["tries"]) == ("published", 0), post
    assert await fakes.renewals() == ["r1"]
    assert (await kept(committed_db, account_id))["refresh_token"] != "r1"


async def test_of_two_workers_one_renews_and_the_other_waits(
    committed_db: Database, committed_runtime: Runtime, http: httpx.AsyncClient, account_id: int, fakes: Fakes
) -> None:
    await fakes.fault("tiktok", "slow", path="/oauth/token/", seconds=0.5)
    one, other = (keyring_of(committed_runtime, http) for _ in range(2))
    asked = [used(committed_db, keyring, account_id) for keyring in (one, other)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    (token,) = [answer for answer in answers if isinstance(answer, str)]
    assert sum(isinstance(answer, Working) for answer in answers) == 1
    assert await fakes.renewals() == ["r1"]
    assert [await used(committed_db, keyring, account_id) for keyring in (one, other)] == [token] * 2


async def test_posts_of_one_worker_wait_for_the_same_renewal(
    committed_db: Database, committed_runtime: Runtime, http: httpx.AsyncClient, account_id: int, fakes: Fakes
) -> None:
    await fakes.fault("tiktok", "slow", path="/oauth/token/", seconds=0.3)
    keyring = keyring_of(committed_runtime, http)
    tokens = await asyncio.gather(*(used(committed_db, keyring, account_id) for _ in range(5)))
    assert len(set(tokens)) == 1
    assert await fakes.renewals() == ["r1"]


async def test_who_read_the_account_before_it_was_renewed_gets_what_is_there_now(
    committed_db: Database, committed_runtime: Runtime, http: httpx.AsyncClient, account_id: int, fakes: Fakes
) -> None:
    before = await account_of(committed_db, account_id)
    token = await used(committed_db, keyring_of(committed_runtime, http), account_id)
    late = keyring_of(committed_runtime, http)

    async def call(credentials: Mapping[str, str]) -> str:
        if credentials["access_token"] == "old":
            raise TokenRejected("old")
        return credentials["access_token"]

    assert await late.use(Holder(account_id, "tiktok", before.credentials), call) == token
    assert await fakes.renewals() == ["r1"]


async def test_the_lease_of_a_worker_that_died_runs_out_and_no_try_is_lost(
    author: Person, workplace: Workplace, committed_db: Database, account_id: int, fakes: Fakes
) -> None:
    await change_account(committed_db, account_id, renewing_until=utcnow() + timedelta(seconds=1))
    post_id = await order(author, account_id)
    async with workplace():

        async def says_working() -> bool:
            return bool((await author.seen(post_id))["failure_code"] == "working")

        await eventually(says_working)
        assert await fakes.renewals() == []
        post = await author.becomes(post_id, "published", "failed")
    assert (post["status"], post["tries"]) == ("published", 0)
    assert (await account_of(committed_db, account_id)).renewing_until is None


async def renewing_slowly(
    database: Database, keyring: Keyring, account_id: int, fakes: Fakes
) -> asyncio.Task[str]:
    """A worker that is waiting for the network's answer."""
    await fakes.fault("tiktok", "slow", path="/oauth/token/", seconds=0.7)
    task = asyncio.create_task(used(database, keyring, account_id))

    async def is_asking() -> bool:
        return await fakes.requests("tiktok", "POST /v2/oauth/token/") == 1

    await eventually(is_asking)
    return task


async def test_credentials_that_a_user_gives_meanwhile_are_not_written_over(
    author: Person,
    committed_db: Database,
    committed_runtime: Runtime,
    http: httpx.AsyncClient,
    account_id: int,
    fakes: Fakes,
) -> None:
    task = await renewing_slowly(committed_db, keyring_of(committed_runtime, http), account_id, fakes)
    given = {"access_token": "given", "refresh_token": "r2"}
    assert (await author.patch(f"/accounts/{account_id}", {"credentials": given})).status_code == 200
    assert await task == "given"
    assert await kept(committed_db, account_id) == given


async def test_an_account_that_is_unlinked_meanwhile_keeps_no_credentials(
    author: Person,
    committed_db: Database,
    committed_runtime: Runtime,
    http: httpx.AsyncClient,
    account_id: int,
    fakes: Fakes,
) -> None:
    task = await renewing_slowly(committed_db, keyring_of(committed_runtime, http), account_id, fakes)
    assert (await author.delete(f"/accounts/{account_id}")).status_code == 200
    await task
    account = await account_of(committed_db, account_id)
    assert (account.credentials, account.renewing_until) == (None, None)


async def test_new_access_is_kept_though_the_keys_are_rotated_meanwhile(
    committed_db: Database,
    runtime_for: RuntimeFactory,
    definition: ServiceDefinition,
    http: httpx.AsyncClient,
    account_id: int,
    fakes: Fakes,
) -> None:
    fresh = Fernet.generate_key().decode()
    async with runtime_for(definition, committed_db, credential_keys=f"{fresh},{KEY}") as runtime:
        task = await renewing_slowly(committed_db, keyring_of(runtime, http), account_id, fakes)
        await rotate(runtime.database, Cipher(runtime.settings.fernet_keys))
        token = await task
    found = await kept(committed_db, account_id, key=fresh)
    assert (found["access_token"], found["refresh_token"] != "r1") == (token, True)


async def test_a_renewal_goes_on_when_the_post_that_asked_for_it_is_canceled(
    committed_db: Database, committed_runtime: Runtime, http: httpx.AsyncClient, account_id: int, fakes: Fakes
) -> None:
    task = await renewing_slowly(committed_db, keyring_of(committed_runtime, http), account_id, fakes)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def is_kept() -> bool:
        return (await kept(committed_db, account_id))["refresh_token"] != "r1"

    await eventually(is_kept)
    assert (await account_of(committed_db, account_id)).renewing_until is None
