"""What is used of a plan, and released again: one conditional UPDATE each, so that no two requests pass one limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.employees.errors import EmployeeLimitReached, PlanTooSmall, TokenLimitReached
from ai_service.employees.rules import PLANS, PlanName, month_of
from ai_service.employees.schemas import Employees, Tokens, Usage
from shared.db.database import Database


def _limit(field: str) -> str:
    cases = " ".join(f"WHEN '{name}' THEN {getattr(plan, field)}" for name, plan in PLANS.items())
    return f"(CASE COALESCE(plan, :default) {cases} END)"


# The month in the row is the last one in which something was used: in a newer one nothing is used yet.
_USED: Final = "(CASE WHEN month = :month THEN tokens_used ELSE 0 END)"
_ADD_ACCOUNT: Final = text(
    "INSERT INTO ai_accounts (user_id, month) VALUES (:user_id, :month) ON CONFLICT (user_id) DO NOTHING"
)
_READ: Final = text(
    f"SELECT COALESCE(plan, :default) AS plan, employees, {_USED} AS used, tokens_reserved AS reserved"  # noqa: S608
    " FROM ai_accounts WHERE user_id = :user_id"
)
_HIRE: Final = text(
    "UPDATE ai_accounts SET employees = employees + 1"  # noqa: S608 - of constants
    f" WHERE user_id = :user_id AND employees < {_limit('employees')} RETURNING employees"
)
_DISMISS: Final = text("UPDATE ai_accounts SET employees = employees - 1 WHERE user_id = :user_id")
_RESERVE: Final = text(
    f"UPDATE ai_accounts SET tokens_used = {_USED}, month = :month, tokens_reserved = tokens_reserved + :tokens"  # noqa: S608
    f" WHERE user_id = :user_id AND {_USED} + tokens_reserved + :tokens <= {_limit('tokens')} RETURNING user_id"
)
_SETTLE: Final = text(
    f"UPDATE ai_accounts SET tokens_used = {_USED} + :used, month = :month,"  # noqa: S608
    " tokens_reserved = tokens_reserved - :reserved WHERE user_id = :user_id"
)
_CHOOSE: Final = text(
    "UPDATE ai_accounts SET plan = :plan WHERE user_id = :user_id AND employees <= :limit RETURNING user_id"
)


@dataclass(frozen=True, slots=True)
class _Account:
    """A row of `_READ`: the user's plan, and what is used of it. Tokens of this month."""

    plan: PlanName
    employees: int = 0
    used: int = 0
    reserved: int = 0


async def add_employee(session: AsyncSession, *, user_id: int, default: PlanName, now: datetime) -> None:
    """Count one more employee. Raises EmployeeLimitReached."""
    values = _values(user_id, default, now)
    await session.execute(_ADD_ACCOUNT, values)
    if (await session.execute(_HIRE, values)).first() is None:
        plan = (await _read(session, values)).plan
        raise EmployeeLimitReached.of(plan, limit=PLANS[plan].employees)


async def remove_employee(session: AsyncSession, *, user_id: int) -> None:
    """Count one employee less."""
    await session.execute(_DISMISS, {"user_id": user_id})


async def reserve(
    session: AsyncSession, *, user_id: int, tokens: int, default: PlanName, now: datetime
) -> None:
    """Reserve tokens for a run. Raises TokenLimitReached."""
    values = _values(user_id, default, now)
    await session.execute(_ADD_ACCOUNT, values)
    if (await session.execute(_RESERVE, {**values, "tokens": tokens})).first() is None:
        account = await _read(session, values)
        raise TokenLimitReached.of(
            account.plan,
            limit=PLANS[account.plan].tokens,
            used=account.used,
            reserved=account.reserved,
            needed=tokens,
        )


async def record_usage(
    session: AsyncSession, *, user_id: int, reserved: int, used: int, now: datetime
) -> None:
    """Release what was reserved for a run, and count what it really used, in the month in which it ended."""
    await session.execute(
        _SETTLE, {"user_id": user_id, "reserved": reserved, "used": used, "month": month_of(now)}
    )


async def choose(session: AsyncSession, *, user_id: int, plan: PlanName, now: datetime) -> None:
    """Give the user this plan. Raises PlanTooSmall where they have more employees than it allows."""
    await session.execute(_ADD_ACCOUNT, _values(user_id, plan, now))
    limit = PLANS[plan].employees
    if (await session.execute(_CHOOSE, {"user_id": user_id, "plan": plan, "limit": limit})).first() is None:
        raise PlanTooSmall(f"The user has more than the {limit} employees of the plan {plan}.", limit=limit)


async def usage(database: Database, *, user_id: int, default: PlanName, now: datetime) -> Usage:
    """The user's plan, its limits, and what is used of them."""
    async with database.read(fresh=True) as connection:
        row = (await connection.execute(_READ, _values(user_id, default, now))).one_or_none()
    account = _Account(*row) if row else _Account(default)
    plan = PLANS[account.plan]
    left = max(0, plan.tokens - account.used - account.reserved)
    return Usage(
        plan=account.plan,
        month=month_of(now).strftime("%Y-%m"),
        employees=Employees(used=account.employees, limit=plan.employees),
        tokens=Tokens(used=account.used, reserved=account.reserved, left=left, limit=plan.tokens),
    )


def _values(user_id: int, default: PlanName, now: datetime) -> dict[str, Any]:
    return {"user_id": user_id, "default": default, "month": month_of(now)}


async def _read(session: AsyncSession, values: dict[str, Any]) -> _Account:
    return _Account(*(await session.execute(_READ, values)).one())
