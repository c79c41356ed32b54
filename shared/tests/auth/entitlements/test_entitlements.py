"""A service's own copy of the users' subscriptions, which events keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.auth.entitlement_table import Entitlement, decode, encode
from shared.auth.entitlements import Entitlements
from shared.db.database import Database
from shared.schemas.dates import utcnow
from testing import eventually

if TYPE_CHECKING:
    from shared.tests.auth.entitlements.conftest import Platform

COOCOOK = Entitlement(7, "coocook", True, None, "cus_7", 1)


async def apply(database: Database, entitlements: Entitlements, event: Entitlement) -> bool:
    async with database.session() as session:
        return await entitlements.apply(session, event)


async def test_an_applied_event_lets_in_without_asking_platform(
    database: Database, entitlements: Entitlements, platform: Platform
) -> None:
    assert await apply(database, entitlements, COOCOOK)
    assert await entitlements.check(7, "coocook") == COOCOOK
    assert platform.asked == 0


async def test_warm_it_is_one_look_up_in_memory(
    database: Database, entitlements: Entitlements, query_recorder: Callable[[], Any]
) -> None:
    await apply(database, entitlements, COOCOOK)
    await entitlements.check(7, "coocook")
    with query_recorder() as queries:
        assert await entitlements.check(7, "coocook") == COOCOOK
    assert len(queries) == 0


async def test_an_event_reaches_the_other_processes_within_milliseconds(
    database: Database, opened: Callable[[], Any]
) -> None:
    api, worker = await opened(), await opened()
    await apply(database, worker, COOCOOK)
    assert await api.check(7, "coocook") == COOCOOK
    ended = replace(COOCOOK, active=False, version=2)
    await apply(database, worker, ended)

    async def denied() -> bool:
        return await api.check(7, "coocook") is None

    await eventually(denied)


@pytest.mark.parametrize(
    "changed",
    [{"active": False}, {"valid_until": utcnow() - timedelta(seconds=1)}],
    ids=["ended", "expired"],
)
async def test_what_has_ended_or_expired_is_denied(
    database: Database, entitlements: Entitlements, platform: Platform, changed: dict[str, Any]
) -> None:
    over = replace(COOCOOK, **changed)
    platform.known.append(over)
    await apply(database, entitlements, over)
    assert await entitlements.check(7, "coocook") is None


async def test_it_expires_by_itself_while_it_is_cached(
    database: Database, entitlements: Entitlements
) -> None:
    short = replace(COOCOOK, valid_until=utcnow() + timedelta(seconds=0.3))
    await apply(database, entitlements, short)
    assert await entitlements.check(7, "coocook") == short

    async def denied() -> bool:
        return await entitlements.check(7, "coocook") is None

    await eventually(denied)


async def test_another_product_or_user_is_denied(database: Database, entitlements: Entitlements) -> None:
    await apply(database, entitlements, COOCOOK)
    assert await entitlements.check(7, "sns-auto") is None
    assert await entitlements.check(8, "coocook") is None


async def test_an_older_event_or_answer_changes_nothing(
    database: Database, entitlements: Entitlements, platform: Platform
) -> None:
    await apply(database, entitlements, replace(COOCOOK, active=False, version=5))
    assert not await apply(database, entitlements, replace(COOCOOK, version=4))
    assert not await apply(database, entitlements, replace(COOCOOK, version=5))
    platform.known.append(replace(COOCOOK, version=3))
    assert await entitlements.check(7, "coocook") is None


async def test_a_deleted_user_is_forgotten(database: Database, entitlements: Entitlements) -> None:
    await apply(database, entitlements, COOCOOK)
    await entitlements.check(7, "coocook")
    async with database.session() as session:
        await entitlements.forget(session, 7)
    assert await entitlements.check(7, "coocook") is None


async def test_a_transaction_that_fails_changes_nothing(
    database: Database, entitlements: Entitlements
) -> None:
    async def handler() -> None:
        async with database.session() as session:
            await entitlements.apply(session, COOCOOK)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await handler()
    assert await entitlements.check(7, "coocook") is None


def test_what_is_cached_is_what_was_there() -> None:
    until = utcnow()
    for entitlement in (COOCOOK, replace(COOCOOK, valid_until=until, customer=None), None):
        assert decode(encode(entitlement)) == entitlement
