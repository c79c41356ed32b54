"""The development data."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import func, select

from platform_service.seed import USERS, SeedRefused, seed
from platform_service.tables import Entitlement, Outbox
from services.platform.tests.factories import log_in, make_user, registered
from shared.db.database import Database
from shared.runtime import Runtime


@pytest.fixture(autouse=True)
def passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEED_ADMIN_PASSWORD", "password of the admin")
    monkeypatch.setenv("SEED_DEMO_PASSWORD", "password of the demo")


async def test_everybody_logs_in_and_has_what_they_need(
    committed_client: httpx.AsyncClient, committed_runtime: Runtime, committed_db: Database
) -> None:
    await seed(committed_runtime)
    products = (await committed_client.get("/api/platform/products")).json()
    assert [
        (one["slug"], one["monthly_price"], one["annual_price"], one["currency"]) for one in products
    ] == [
        ("coocook", 29, 290, "USD"),
        ("sns-auto", 49, 490, "USD"),
        ("review", 39, 390, "USD"),
        ("ai-automation", 89, 890, "USD"),
        ("webapp-builder", 590000, None, "KRW"),
    ]
    admin = await log_in(committed_client, "admin@softfactory.dev", "password of the admin")
    assert (admin.json()["user"]["id"], admin.json()["user"]["role"]) == (1, "admin")
    demo = await log_in(committed_client, "demo@softfactory.dev", "password of the demo")
    assert demo.json()["user"]["id"] == 2
    chef = await log_in(committed_client, "chef.park@softfactory.dev", "password of the demo")
    assert chef.json()["user"]["id"] == 3
    async with committed_db.read(fresh=True) as connection:
        rights = (await connection.execute(select(Entitlement.user_id, Entitlement.product))).all()
    assert len([right for right in rights if right.user_id == 2]) == 5
    assert {right.user_id for right in rights if right.product == "coocook"} == {2, 3, 4, 5, 6, 7}
    made = await registered(committed_client)
    assert made["user"]["id"] > len(USERS)


async def test_a_second_run_changes_nothing_but_the_passwords(
    committed_client: httpx.AsyncClient,
    committed_runtime: Runtime,
    committed_db: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await seed(committed_runtime)
    events = select(func.count()).select_from(Outbox)
    async with committed_db.read(fresh=True) as connection:
        before = await connection.scalar(events)
    monkeypatch.setenv("SEED_DEMO_PASSWORD", "another password")
    await seed(committed_runtime)
    async with committed_db.read(fresh=True) as connection:
        assert await connection.scalar(events) == before
    assert (await log_in(committed_client, "demo@softfactory.dev", "another password")).status_code == 200


async def test_without_passwords_there_is_no_seed(
    committed_runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEED_ADMIN_PASSWORD")
    monkeypatch.delenv("SEED_DEMO_PASSWORD")
    with pytest.raises(SeedRefused, match="SEED_ADMIN_PASSWORD, SEED_DEMO_PASSWORD"):
        await seed(committed_runtime)


async def test_a_database_of_other_people_is_left_alone(
    committed_runtime: Runtime, committed_db: Database
) -> None:
    for _ in range(3):
        await make_user(committed_db)
    with pytest.raises(SeedRefused):
        await seed(committed_runtime)
