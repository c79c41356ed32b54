"""Hours and money saved, at the borders of months too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ai_service.employees import queries
from ai_service.employees import queries as employees
from ai_service.employees.plans import usage
from ai_service.employees.queries import annual, efficiency
from ai_service.employees.rules import month_of, month_start
from services.ai.tests.factories import (
    OWNER,
    STRANGER,
    Person,
    make_completed,
    make_employee,
    make_run,
    subscribe,
)
from shared.db.database import Database
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MARCH = datetime(2026, 2, 28, 15, 0, tzinfo=UTC)
"""When March begins in Seoul."""
MOMENT = timedelta(microseconds=1)


async def trend(database: Database, *, months: int = 3, now: datetime = NOW) -> list[tuple[str, int]]:
    found = await queries.analytics(database, user_id=OWNER, months=months, now=now)
    return [(month.month, month.hours) for month in found.trend_data]


async def test_a_user_with_no_runs_sees_zeros(owner: Person) -> None:
    dashboard = (await owner.get("/dashboard")).json()
    assert {name: dashboard[name] for name in list(dashboard)[:5]} == {
        "total_employees": 0,
        "active_employees": 0,
        "total_monthly_savings_hours": 0,
        "estimated_annual_savings": "₩0",
        "employees": [],
    }
    analytics = (await owner.get("/analytics")).json()
    assert (analytics["total_hours_saved"], analytics["total_cost_saved"]) == (0, 0)
    assert analytics["efficiency_increase"] == 0
    assert len(analytics["trend_data"]) == 12
    assert {(month["hours"], month["cost"]) for month in analytics["trend_data"]} == {(0, 0)}
    assert analytics["trend_data"][-1]["month"] == month_of(utcnow()).strftime("%Y-%m")


async def test_hours_are_those_of_completed_runs_and_no_others(owner: Person, db: TestDatabase) -> None:
    busy, idle = await make_employee(db), await make_employee(db, status="paused")
    await subscribe(db, STRANGER)
    for hours in (1, 3):
        await make_completed(db, busy, utcnow(), hours=hours)
    await make_completed(db, await make_employee(db, STRANGER), utcnow(), user_id=STRANGER, hours=50)
    await make_run(db, busy)
    dashboard = (await owner.get("/dashboard")).json()
    assert (dashboard["total_employees"], dashboard["active_employees"]) == (2, 1)
    assert (dashboard["total_monthly_savings_hours"], dashboard["estimated_annual_savings"]) == (
        4,
        "₩720,000",
    )
    saved = {employee["id"]: employee["monthly_savings_hours"] for employee in dashboard["employees"]}
    assert saved == {busy: 4, idle: 0}
    assert dashboard["usage"]["plan"] == "starter"
    analytics = (await owner.get("/analytics")).json()
    assert (analytics["total_hours_saved"], analytics["total_cost_saved"]) == (4, 60_000)
    assert analytics["efficiency_increase"] == 2.5
    assert analytics["trend_data"][-1] | {"month": ""} == {"month": "", "hours": 4, "cost": 60_000}


async def test_what_a_client_claims_is_not_counted(owner: Person, db: TestDatabase) -> None:
    id_ = await make_employee(db, status="draft", deployed_at=None)
    assert (await owner.post(f"/employees/{id_}/deploy", {"savings_hours": 700})).status_code == 200
    assert (await owner.get("/dashboard")).json()["total_monthly_savings_hours"] == 0


async def test_a_run_belongs_to_the_month_in_which_it_ended_in_seoul(db: TestDatabase) -> None:
    id_ = await make_employee(db)
    await make_completed(db, id_, MARCH - MOMENT, hours=1)
    await make_completed(db, id_, MARCH, hours=10)
    assert await trend(db) == [("2026-01", 0), ("2026-02", 1), ("2026-03", 10)]
    shown = await employees.one(db, user_id=OWNER, employee_id=id_, now=NOW)
    assert shown.monthly_savings_hours == 10
    used = await usage(db, user_id=OWNER, default="starter", now=NOW)
    dashboard = await queries.dashboard(db, user_id=OWNER, now=NOW, plan_usage=used)
    assert dashboard.total_monthly_savings_hours == 10


async def test_the_trend_reaches_over_years_and_ends_with_this_month(db: TestDatabase) -> None:
    id_ = await make_employee(db)
    january = datetime(2026, 1, 15, tzinfo=UTC)
    await make_completed(db, id_, datetime(2025, 12, 31, 14, 59, 59, tzinfo=UTC), hours=2)
    await make_completed(db, id_, datetime(2025, 12, 31, 15, 0, tzinfo=UTC), hours=5)
    assert await trend(db, months=2, now=january) == [("2025-12", 2), ("2026-01", 5)]
    assert await trend(db, months=1, now=january) == [("2026-01", 5)]
    assert len(await trend(db, months=36, now=january)) == 36


async def test_what_a_dismissed_employee_saved_stays_saved(owner: Person, db: TestDatabase) -> None:
    id_ = await make_employee(db, status="paused")
    await make_completed(db, id_, utcnow(), hours=3)
    assert (await owner.delete(f"/employees/{id_}")).status_code == 200
    dashboard = (await owner.get("/dashboard")).json()
    assert (dashboard["total_employees"], dashboard["total_monthly_savings_hours"]) == (0, 3)
    assert (await owner.get("/analytics")).json()["total_hours_saved"] == 3


async def test_months_out_of_range_are_refused(owner: Person) -> None:
    for months in (0, 37, "x"):
        answer = await owner.get(f"/analytics?months={months}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "months")


def test_a_saved_hour_a_month_is_worth_180000_won_a_year() -> None:
    assert (annual(1), annual(0), annual(1000)) == ("₩180,000", "₩0", "₩180,000,000")
    assert (efficiency(160), efficiency(1)) == (100.0, 0.6)


def test_the_month_of_now_contains_now() -> None:
    assert month_start(NOW) == MARCH
