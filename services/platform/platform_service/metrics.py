"""What platform's worker counts for its metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Final

from prometheus_client import Gauge
from sqlalchemy import func, select

from platform_service.auth.models import SessionRow
from platform_service.auth.sessions import is_open
from platform_service.keys.models import SigningKey
from platform_service.settings import PlatformSettings
from shared.db.database import Database

EVERY_SECONDS: Final = 30.0
MAX_SESSIONS: Final = 500_000

sessions_active = Gauge(
    "sessions_active",
    "Sessions used within an access token's lifetime, as many as there are users at this time; counted up to 500,000.",
)
signing_key_age = Gauge("signing_key_age_seconds", "How long the active signing key has been signing.")


def measures_of(settings: PlatformSettings) -> list[Callable[[Database], Awaitable[None]]]:
    """For the worker. Both change slowly."""
    unused = settings.refresh_lifetime - settings.access_lifetime
    return [now_and_then(partial(measure_sessions, left=unused)), now_and_then(measure_key)]


async def measure_sessions(database: Database, *, left: timedelta) -> None:
    """Count those that have longer than `left` to live: a use is what gives them a whole lifetime, and that has an
    index."""
    used = select(SessionRow.id).where(SessionRow.expires_at > func.now() + left, is_open())
    statement = select(func.count()).select_from(used.limit(MAX_SESSIONS).subquery())
    async with database.read(fresh=True) as connection:
        sessions_active.set(await connection.scalar(statement) or 0)


async def measure_key(database: Database) -> None:
    """Ask how long the active key has been signing."""
    since = func.extract("epoch", func.now() - SigningKey.activated_at)
    async with database.read(fresh=True) as connection:
        age = await connection.scalar(select(since).where(SigningKey.status == "active"))
    if age is not None:
        signing_key_age.set(float(age))


def now_and_then(measure: Callable[[Database], Awaitable[None]]) -> Callable[[Database], Awaitable[None]]:
    """`measure`, of whose calls those too soon after the last one do nothing."""
    due = 0.0

    async def measure_when_due(database: Database) -> None:
        nonlocal due
        if monotonic() >= due:
            due = monotonic() + EVERY_SECONDS
            await measure(database)

    return measure_when_due
