"""Seats of students without a subscription."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from ai_service.bootcamp.service import end_unpaid
from ai_service.schema import Entitlement
from services.ai.tests.factories import OWNER, STRANGER, Person, subscribe
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase

BASE = "/api/webapp-builder"
GRACE = timedelta(days=7)


async def _sweep(db: TestDatabase, runtime: Runtime, *, days: float) -> int:
    """As the schedule does in so many days."""
    async with db.session() as session:
        return await end_unpaid(
            session, cache=runtime.cache, now=utcnow() + timedelta(days=days), grace=GRACE
        )


async def _entitle(db: TestDatabase, **values: object) -> None:
    async with db.session() as session:
        await session.execute(update(Entitlement).where(Entitlement.user_id == OWNER).values(**values))


@pytest.mark.parametrize("ended", [{"active": False}, {"valid_until": utcnow() - timedelta(hours=1)}])
async def test_who_is_without_a_subscription_for_a_week_gives_up_the_seat(
    client: httpx.AsyncClient, owner: Person, db: TestDatabase, runtime: Runtime, ended: dict[str, object]
) -> None:
    await subscribe(db, STRANGER)
    await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"})
    await Person(client, STRANGER).post(f"{BASE}/enroll", {"plan_type": "weekday"})
    free = (await client.get(f"{BASE}/plans")).json()["weekday"]["available"]
    await _entitle(db, **ended)
    for days, canceled in ((0, 0), (6.9, 0), (7, 1), (8, 0)):
        assert await _sweep(db, runtime, days=days) == canceled
    assert (await client.get(f"{BASE}/plans")).json()["weekday"]["available"] == free + 1
    await _entitle(db, active=True, valid_until=None)
    (shown,) = (await owner.get(f"{BASE}/enrollments")).json()
    assert shown["status"] == "canceled"


async def test_who_subscribes_again_in_time_keeps_the_seat(
    owner: Person, db: TestDatabase, runtime: Runtime
) -> None:
    await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"})
    await _entitle(db, active=False)
    assert await _sweep(db, runtime, days=0) == 0
    await _entitle(db, active=True)
    assert await _sweep(db, runtime, days=6) == 0
    await _entitle(db, active=False)
    assert await _sweep(db, runtime, days=8) == 0
    assert await _sweep(db, runtime, days=16) == 1
