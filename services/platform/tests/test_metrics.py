"""What platform's worker counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, update

from platform_service.auth.models import SessionRow
from platform_service.keys.models import SigningKey
from platform_service.metrics import measure_key, measure_sessions, measures_of
from services.platform.tests.factories import bearer, registered
from testing.databases import record_queries
from testing.metrics import sample
from testing.rollback import TestDatabase
from testing.service_fixtures import ClientFactory, RuntimeFactory


async def test_sessions_are_active_for_as_long_as_their_last_access_token(
    client_for: ClientFactory, definition: Any, db: TestDatabase
) -> None:
    """Neither those that nobody has used since, nor those that ended."""
    async with client_for(definition, db, access_minutes=15, refresh_days=30) as client:
        idle, ended, _used = [
            await registered(client, email=f"{name}@example.com") for name in ("idle", "ended", "used")
        ]
        body = {"refresh_token": ended["refresh_token"]}
        assert (
            await client.post("/api/auth/logout", json=body, headers=bearer(ended["access_token"]))
        ).status_code == 200
    ago = timedelta(minutes=16)
    async with db.session() as session:
        values = {"used_at": SessionRow.used_at - ago, "expires_at": SessionRow.expires_at - ago}
        await session.execute(
            update(SessionRow).where(SessionRow.user_id == idle["user"]["id"]).values(**values)
        )
    await measure_sessions(db, left=timedelta(days=30) - timedelta(minutes=15))
    assert sample("sessions_active") == 1


async def test_the_age_of_the_signing_key_is_since_it_signs(
    client_for: ClientFactory, definition: Any, db: TestDatabase
) -> None:
    async with client_for(definition, db), db.session() as session:
        since = func.now() - timedelta(days=20)
        await session.execute(update(SigningKey).values(activated_at=since))
    await measure_key(db)
    assert abs(sample("signing_key_age_seconds") - timedelta(days=20).total_seconds()) < 60


async def test_what_changes_slowly_is_not_counted_every_five_seconds(
    db: TestDatabase, runtime_for: RuntimeFactory, definition: Any
) -> None:
    async with runtime_for(definition, db) as runtime:
        measures = measures_of(runtime.settings)
    with record_queries() as queries:
        for measure in measures * 3:
            await measure(db)
    assert len(queries) == 2
