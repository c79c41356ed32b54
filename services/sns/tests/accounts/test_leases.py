"""Access is renewed by one worker at a time, and nothing of it is lost or written over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from fakes.networks.client import Fakes
from services.sns.tests.accounts.access import access, account_of, change_account, kept, order
from services.sns.tests.conftest import KEY
from services.sns.tests.factories import Person
from services.sns.tests.kit import Workplace
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from shared.service import ServiceDefinition
from sns_service.accounts.credential_commands import rotate
from sns_service.accounts.keyring import Holder, Keyring
from sns_service.accounts.token_refresh import release
from sns_service.networks.errors import TokenRejected, Unavailable, Working
from sns_service.networks.registry import token_refreshers_with
from sns_service.networks.transport import connect
from testing import eventually
from testing.service_fixtures import RuntimeFactory

Worker = Callable[[], Awaitable[str]]
pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")
PAST = timedelta(minutes=-1)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    client = connect(timeout=5, at_a_time=5, guarded=False)
    yield client
    await client.aclose()


@pytest.fixture
async def account_id(author: Person) -> int:
    """At TikTok, where a refresh token can be spent once."""
    return await author.link("tiktok", credentials=access(expires=PAST))


async def used(database: Database, keyring: Keyring, account_id: int) -> str:
    """The token that a call is made with."""
    account = await account_of(database, account_id)

    async def call(credentials: Mapping[str, str]) -> str:
        return credentials["access_token"]

    return await keyring.use(Holder(account_id, account.platform, account.credentials), call)


def keyring_of(runtime: Runtime, http: httpx.AsyncClient) -> Keyring:
    """That of one worker."""
    return Keyring(runtime.database, runtime.settings, token_refreshers_with(http, runtime.settings))


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
        await rotate(runtime)
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


async def test_new_access_waits_for_a_database_that_is_away(
    committed_db: Database,
    committed_runtime: Runtime,
    http: httpx.AsyncClient,
    account_id: int,
    fakes: Fakes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = []

    async def away_at_first(*given: Any) -> Mapping[str, str]:
        tries.append(given)
        if len(tries) < 3:
            raise ConnectionRefusedError
        return await release(*given)

    monkeypatch.setattr("sns_service.accounts.token_refresh.release", away_at_first)
    token = await used(committed_db, keyring_of(committed_runtime, http), account_id)
    assert (await kept(committed_db, account_id))["access_token"] == token
    assert (len(tries), await fakes.renewals()) == (3, ["r1"])


async def test_without_a_database_the_network_is_not_asked_and_the_post_was_not_sent(
    committed_db: Database,
    committed_runtime: Runtime,
    http: httpx.AsyncClient,
    account_id: int,
    fakes: Fakes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("sns_service.accounts.token_refresh.take", away)
    with pytest.raises(Unavailable):
        await used(committed_db, keyring_of(committed_runtime, http), account_id)
    assert await fakes.requests("tiktok") == 0


async def test_what_was_spent_is_kept_however_long_the_database_is_away(
    committed_db: Database,
    committed_runtime: Runtime,
    http: httpx.AsyncClient,
    account_id: int,
    fakes: Fakes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Longer than anybody waits: the call is made all the same, and the refresh token is spent once."""
    is_away = True

    async def away(*given: Any) -> Mapping[str, str]:
        if is_away:
            raise ConnectionRefusedError
        return await release(*given)

    monkeypatch.setattr("sns_service.accounts.token_refresh.release", away)
    monkeypatch.setattr("sns_service.accounts.token_refresh.PATIENCE_SECONDS", 0)
    keyring = keyring_of(committed_runtime, http)
    token = await used(committed_db, keyring, account_id)
    await change_account(committed_db, account_id, renewing_until=None)  # the lease ran out
    again = asyncio.create_task(used(committed_db, keyring, account_id))
    is_away = False
    assert await again == token

    async def written() -> bool:
        return (await kept(committed_db, account_id))["access_token"] == token

    await eventually(written)
    assert await fakes.renewals() == ["r1"]
