"""What owners read of their runs, from the primary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Integer, cast, func, select

from ai_service.employees.models import Employee
from ai_service.runs.errors import RunNotFound
from ai_service.runs.models import Attempt, Run
from ai_service.runs.schemas import AttemptShown, RunShown
from shared.db.database import Database
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID

Rows = Sequence[dict[str, Any]]

_LIST: Final = """
    SELECT r.id, r.employee_id, r.scenario_type, r.status, r.error, r.error_message, r.provider, r.model,
           r.input_tokens, r.output_tokens, r.cost, 'USD' AS currency, r.hours_saved,
           (extract(epoch FROM r.finished_at - r.started_at) * 1000)::bigint AS duration_ms,
           r.created_at, r.started_at, r.finished_at
    FROM runs AS r WHERE r.user_id = $1 AND r.employee_id = $2 AND r.id < $3 ORDER BY r.id DESC LIMIT $4
"""
_FIELDS: Final = (
    Run.id, Run.employee_id, Run.scenario_type, Run.status, Run.input, Run.output, Run.error, Run.error_message,
    Run.reply, Run.provider, Run.model, Run.input_tokens, Run.output_tokens, Run.cost, Run.hours_saved,
    cast(func.extract("epoch", Run.finished_at - Run.started_at) * 1000, Integer).label("duration_ms"),
    Run.created_at, Run.started_at, Run.finished_at,
)  # fmt: skip
_ATTEMPT: Final = (
    Attempt.number, Attempt.status, Attempt.error, Attempt.reply, Attempt.input_tokens, Attempt.output_tokens,
    Attempt.tokens_estimated, Attempt.started_at, Attempt.called_at, Attempt.finished_at,
)  # fmt: skip


async def has_employee(database: Database, *, user_id: int, employee_id: int) -> bool:
    """Whether the user has, or had, this employee."""
    query = select(Employee.id).where(Employee.id == employee_id, Employee.user_id == user_id)
    async with database.read(fresh=True) as connection:
        return await connection.scalar(query) is not None


async def of_employee(
    database: Database, *, user_id: int, employee_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    """An employee's runs, newest first, without what went in and came out; and after which id the next page starts."""
    found = await database.fetch(_LIST, user_id, employee_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([dict(row) for row in found], limit)
    return rows, last["id"] if last else None


async def one(database: Database, *, user_id: int, employee_id: int, run_id: int) -> RunShown:
    """A run with its attempts. Raises RunNotFound."""
    query = select(*_FIELDS).where(Run.id == run_id, Run.user_id == user_id, Run.employee_id == employee_id)
    of_run = select(*_ATTEMPT).where(Attempt.run_id == run_id).order_by(Attempt.number)
    async with database.read(fresh=True) as connection:
        row = (await connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise RunNotFound
        attempts = [AttemptShown(**attempt) for attempt in (await connection.execute(of_run)).mappings()]
    return RunShown(**row, currency="USD", attempts=attempts)


async def statuses(database: Database, run_ids: Sequence[int]) -> dict[int, str]:
    """What has become of runs, by their ids; those that are gone are not in it."""
    found = await database.fetch("SELECT id, status FROM runs WHERE id = ANY($1::bigint[])", run_ids)
    return {row["id"]: row["status"] for row in found}
