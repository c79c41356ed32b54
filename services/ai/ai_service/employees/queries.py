"""What owners read of their employees, and what these saved by month of Seoul's clock, computed by the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from ai_service.employees.errors import EmployeeNotFound
from ai_service.employees.rules import MONTHS_ARE_OF, month_of, month_start
from ai_service.employees.schemas import Analytics, Dashboard, EmployeeShown, Month, Usage
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
WON_PER_HOUR: Final = 15_000
HOURS_OF_A_FULL_TIME_MONTH: Final = 160
MAX_SHOWN: Final = 500
"""More employees than any plan allows."""
_COUNTS: Final = """
    SELECT count(*) AS total, count(*) FILTER (WHERE status = 'active') AS active,
           (SELECT COALESCE(sum(hours_saved), 0)::bigint FROM runs
            WHERE user_id = $1 AND status = 'completed' AND finished_at >= $2) AS hours
    FROM ai_employees WHERE user_id = $1 AND deleted_at IS NULL
"""
# $2 is the last month's first day, $3 how many months before it the trend begins, $4 the time zone.
_TREND: Final = """
    SELECT to_char(first_day, 'YYYY-MM') AS month, COALESCE(sum(r.hours_saved), 0)::bigint AS hours
    FROM generate_series($2::date - make_interval(months => $3), $2::date::timestamp, '1 month') AS first_day
    LEFT JOIN runs AS r
        ON r.user_id = $1 AND r.status = 'completed'
        AND r.finished_at >= first_day AT TIME ZONE $4
        AND r.finished_at < (first_day + interval '1 month') AT TIME ZONE $4
    GROUP BY first_day ORDER BY first_day
"""
_TOTAL: Final = """
    SELECT COALESCE(sum(hours_saved), 0)::bigint FROM runs WHERE user_id = $1 AND status = 'completed'
"""


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


async def dashboard(database: Database, *, user_id: int, now: datetime, plan_usage: Usage) -> Dashboard:
    """The user's employees and what was saved this month; what dismissed employees saved counts too."""
    (counts,) = await database.fetch(_COUNTS, user_id, month_start(now))
    rows, _ = await of_user(database, user_id=user_id, limit=MAX_SHOWN, before=None, now=now)
    return Dashboard(
        total_employees=counts["total"],
        active_employees=counts["active"],
        total_monthly_savings_hours=counts["hours"],
        estimated_annual_savings=annual(counts["hours"]),
        employees=[EmployeeShown(**row) for row in rows],
        usage=plan_usage,
    )


async def analytics(database: Database, *, user_id: int, months: int, now: datetime) -> Analytics:
    """What was saved in all, and in each of the last `months`, this one the last; zeros where nothing was."""
    async with database.read_raw() as connection:
        rows = await connection.fetch(_TREND, user_id, month_of(now), months - 1, str(MONTHS_ARE_OF))
        total = await connection.fetchval(_TOTAL, user_id)
    return Analytics(
        total_hours_saved=total,
        total_cost_saved=total * WON_PER_HOUR,
        efficiency_increase=efficiency(rows[-1]["hours"]),
        trend_data=[
            Month(month=row["month"], hours=row["hours"], cost=row["hours"] * WON_PER_HOUR) for row in rows
        ],
        currency="KRW",
    )


def annual(monthly_hours: int) -> str:
    """A year of months like this one, in won, such as ₩180,000 for one hour a month."""
    return f"₩{monthly_hours * 12 * WON_PER_HOUR:,}"


def efficiency(monthly_hours: int) -> float:
    """The month's saved hours, in percent of a full-time month."""
    return round(100 * monthly_hours / HOURS_OF_A_FULL_TIME_MONTH, 1)
