"""A booking's SQL, recorded from the service's own code and played again through bare asyncpg."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.dialects.postgresql import Range

from coocook_service.bookings import service
from coocook_service.tables import IdempotencyRecord
from shared.db.database import Database
from shared.db.transactions import driver
from shared.idempotency import Answer, new_answer
from shared.idempotency.idempotent import run_idempotent

KEY = "recorded-" + secrets.token_hex(8)
USER = 1_999_999
CUSTOMERS = 100
TERMS = service.Terms(seconds=1800, at_most=1_000_000)


@dataclass(frozen=True)
class Recording:
    """The statements of one transaction with their parameters, and which chef it booked."""

    statements: Sequence[tuple[str, Sequence[Any]]]
    chef_id: int

    async def play(self, pool: asyncpg.Pool, chef_id: int, start: datetime) -> None:
        """The same transaction for another chef and time."""
        key, event_id, user = secrets.token_hex(8), uuid4(), USER + secrets.randbelow(CUSTOMERS)

        def renewed(value: Any) -> Any:
            if value == KEY:
                return key
            if value in (USER, str(USER)):
                return type(value)(user)
            if isinstance(value, UUID):
                return event_id
            if isinstance(value, Range | asyncpg.Range):
                return asyncpg.Range(start, start + timedelta(hours=1))
            return chef_id if value == self.chef_id and not isinstance(value, bool) else value

        async with pool.acquire() as connection, connection.transaction():
            for statement, parameters in self.statements:
                await connection.fetch(statement, *map(renewed, parameters))


async def record_booking(dsn: str, chef_id: int) -> Recording:
    """Book `chef_id` once with the service's own functions, and keep what they said to the database."""
    statements: list[tuple[str, Sequence[Any]]] = []
    database = Database(dsn, pool_size=1, application_name="bench")

    def keep(logged: Any) -> None:
        # The service wakes its relay at most once in 20 ms, and what stands beside it must not do more.
        statements.append((logged.query.partition(" RETURNING pg_notify")[0], list(logged.args)))

    start = (datetime.now(UTC) + timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)
    request = service.BookingRequest(
        user_id=USER, chef_id=chef_id, booking_date=start.isoformat(), duration_hours=1, special_requests=""
    )
    try:
        async with database.session() as session:

            async def work() -> Answer:
                booking = await service.book(session, request, TERMS)
                made = {
                    "id": booking.id,
                    "message": "The chef is booked.",
                    "total_price": booking.total_price,
                }
                return new_answer(201, made)

            with (await driver(session)).query_logger(keep):
                await run_idempotent(
                    session,
                    IdempotencyRecord,
                    key=KEY,
                    user_id=USER,
                    operation="bench",
                    request=b"{}",
                    work=work,
                )
                await session.flush()
    finally:
        await database.close()
    if not any("INSERT INTO bookings" in statement for statement, _ in statements):
        raise RuntimeError("the recording holds no booking")
    return Recording(statements, chef_id)
