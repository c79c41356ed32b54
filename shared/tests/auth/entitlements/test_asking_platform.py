"""What a service's own copy of the subscriptions does not have, platform is asked for; rebuilding the copy from it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from shared.auth import entitlement_table
from shared.auth.entitlement_table import Entitlement
from shared.auth.entitlements import EntitlementMixin, Entitlements
from shared.db.database import Database
from shared.schemas.json import dumps
from testing import eventually

if TYPE_CHECKING:
    from shared.tests.auth.entitlements.conftest import Platform

COOCOOK = Entitlement(7, "coocook", True, None, "cus_7", 1)


async def apply(database: Database, entitlements: Entitlements, event: Entitlement) -> bool:
    async with database.session() as session:
        return await entitlements.apply(session, event)


async def test_who_has_just_paid_is_let_in_before_the_event_arrives(
    entitlements: Entitlements, platform: Platform
) -> None:
    assert await entitlements.check(7, "coocook") is None
    platform.known.append(COOCOOK)
    assert await entitlements.check(7, "coocook") == COOCOOK
    platform.known.clear()
    assert await entitlements.check(7, "coocook") == COOCOOK, "it was stored"
    assert platform.asked == 2


async def test_a_missed_announcement_does_not_keep_out_who_has_paid(
    database: Database, entitlements: Entitlements, platform: Platform, table: type[EntitlementMixin]
) -> None:
    assert await entitlements.check(7, "coocook") is None
    async with database.session() as session:
        await entitlement_table.store(session, entitlement_table.table_of(table), [COOCOOK])
    platform.known.append(COOCOOK)
    assert await entitlements.check(7, "coocook") == COOCOOK


async def test_many_requests_of_a_user_ask_once(entitlements: Entitlements, platform: Platform) -> None:
    platform.known.append(COOCOOK)
    platform.delay = 0.1
    answers = await asyncio.gather(*(entitlements.check(7, "coocook") for _ in range(50)))
    assert answers == [COOCOOK] * 50
    assert platform.asked == 1


async def test_one_who_gives_up_waiting_does_not_spoil_it_for_the_others(
    entitlements: Entitlements, platform: Platform
) -> None:
    platform.known.append(COOCOOK)
    platform.delay = 0.1
    first = asyncio.create_task(entitlements.check(7, "coocook"))
    second = asyncio.create_task(entitlements.check(7, "coocook"))

    async def asked() -> bool:
        return platform.asked == 1

    await eventually(asked)
    first.cancel()
    assert await second == COOCOOK


async def test_a_platform_that_is_slow_is_a_denial_after_a_second(
    entitlements: Entitlements, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    platform.known.append(COOCOOK)
    platform.delay = 3
    started = time.perf_counter()
    assert await entitlements.check(7, "coocook") is None
    assert 0.9 < time.perf_counter() - started < 2.5
    assert "could not be asked" in caplog.text


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, None), (404, None), (200, b"{"), (200, b"[]"), (200, b'{"items":[{"user_id":"x"}]}')],
    ids=str,
)
async def test_a_platform_that_answers_nonsense_is_a_denial(
    entitlements: Entitlements, platform: Platform, status: int, body: bytes | None
) -> None:
    platform.known.append(COOCOOK)
    platform.status, platform.body = status, body
    assert await entitlements.check(7, "coocook") is None


async def test_without_platform_who_is_known_is_let_in(
    database: Database, entitlements: Entitlements, platform: Platform
) -> None:
    platform.status = 503
    await apply(database, entitlements, COOCOOK)
    assert await entitlements.check(7, "coocook") == COOCOOK
    assert await entitlements.check(8, "coocook") is None


async def test_answers_about_somebody_else_are_not_stored(
    entitlements: Entitlements, platform: Platform
) -> None:
    platform.body = dumps({"items": [asdict(replace(COOCOOK, user_id=8))]})
    assert await entitlements.check(7, "coocook") is None
    platform.body = dumps({"items": []})
    assert await entitlements.check(8, "coocook") is None


async def test_the_copy_is_rebuilt_page_by_page_and_newer_rows_stay(
    database: Database, entitlements: Entitlements, platform: Platform
) -> None:
    await apply(database, entitlements, replace(COOCOOK, user_id=1, active=False, version=9))
    await apply(database, entitlements, replace(COOCOOK, user_id=2, active=False, version=0))
    await entitlements.check(2, "coocook")
    platform.known = [replace(COOCOOK, user_id=number) for number in range(1, 6)]
    assert await entitlements.rebuild() == 4
    platform.status = 503
    answers = [await entitlements.check(number, "coocook") for number in range(1, 6)]
    assert [answer is not None for answer in answers] == [False, True, True, True, True]
