"""What owners read of their employees: bare rows from the primary, with the hours that runs saved this month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from ai_service.employees.errors import EmployeeNotFound
from ai_service.employees.schemas import EmployeeShown
from ai_service.plans.rules import month_start
from shared.db.database import Database
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID

Rows = Sequence[dict[str, Any]]

# $2 is the moment at which the month began.
_FIELDS: Final = """
    SELECT e.id, e.name, e.scenario_type, e.scenario_type AS scenario, COALESCE(e.description, '') AS description,
           COALESCE(e.description, '') AS instructions, e.status, COALESCE(saved.hours, 0) AS monthly_savings_hours,
           COALESCE(saved.hours, 0) AS savings_hours, e.created_at, e.deployed_at
    FROM ai_employees AS e
    LEFT JOIN LATERAL (
        SELECT sum(r.hours_saved)::bigint AS hours FROM runs AS r
        WHERE r.employee_id = e.id AND r.status = 'completed' AND r.finished_at >= $2
    ) AS saved ON true
    WHERE e.user_id = $1 AND e.deleted_at IS NULL
"""
OF_USER: Final = f"{_FIELDS} AND e.id < $3 ORDER BY e.id DESC LIMIT $4"
_ONE: Final = f"{_FIELDS} AND e.id = $3"


async def of_user(
    database: Database, *, user_id: int, limit: int, before: int | None, now: datetime
) -> tuple[Rows, int | None]:
    """The user's employees, newest first, and the id after which the next page starts."""
    found = await database.fetch(
        OF_USER, user_id, month_start(now), MAX_ID if before is None else before, limit + 1
    )
    rows, last = split_page([dict(row) for row in found], limit)
    return rows, last["id"] if last else None


async def one(database: Database, *, user_id: int, employee_id: int, now: datetime) -> EmployeeShown:
    """One employee of the user's. Raises EmployeeNotFound."""
    async with database.read_raw() as connection:
        row = await connection.fetchrow(_ONE, user_id, month_start(now), employee_id)
    if row is None:
        raise EmployeeNotFound
    return EmployeeShown(**row)
