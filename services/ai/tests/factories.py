"""Rows and people for ai's tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx

from ai_service.employees import plans
from ai_service.runs.service import accept
from ai_service.schema import Employee, Entitlement, Run
from shared.db.database import Database
from shared.schemas.dates import utcnow
from testing.factories import give_entitlement
from testing.tokens import auth_headers

OWNER = 100
STRANGER = 300
EMAIL = {"subject": "Opening hours", "body": "Are you open on Sunday?", "sender": "Kim"}
EMAIL_OUTPUT = {
    "subject": "Re: Opening hours",
    "reply": "Yes, from ten.",
    "category": "question",
    "needs_human": False,
}
GIVEN: dict[str, dict[str, Any]] = {
    "email": EMAIL,
    "social": {"topic": "New kimchi", "posts": 2},
    "customer_service": {"question": "How long does delivery take?", "facts": ["Two days."]},
    "data_entry": {"text": "Kim, 30\nLee, 41", "fields": ["name", "age"]},
    "scheduling": {
        "request": "As early as possible",
        "duration_minutes": 60,
        "window": {"start": "2026-12-01T09:00:00+09:00", "end": "2026-12-01T18:00:00+09:00"},
        "busy": [{"start": "2026-12-01T09:00:00+09:00", "end": "2026-12-01T10:00:00+09:00"}],
    },
}
Published = Callable[[], Awaitable[list[str]]]


async def subscribe(database: Database, *user_ids: int) -> None:
    """Let these users use both products."""
    for user_id in user_ids:
        for product in ("ai-automation", "webapp-builder"):
            await give_entitlement(database, Entitlement, user_id, product=product)


async def make_employee(database: Database, user_id: int = OWNER, **values: Any) -> int:
    """An employee's id; active, for e-mails, unless told otherwise."""
    defaults = {"name": "Mina", "scenario_type": "email", "status": "active", "deployed_at": utcnow()}
    async with database.session() as session:
        await plans.add_employee(session, user_id=user_id, default="starter", now=utcnow())
        employee = Employee(user_id=user_id, **{**defaults, **values})
        session.add(employee)
        await session.flush()
        return employee.id


async def make_run(database: Database, employee_id: int, given: dict[str, Any] | None = None) -> int:
    """A queued run's id."""
    async with database.session() as session:
        employee = await session.get_one(Employee, employee_id)
        given = GIVEN[employee.scenario_type] if given is None else given
        run = await accept(session, employee, given=given, default_plan="starter")
        return run.id


async def make_completed(
    database: Database, employee_id: int, finished_at: datetime, *, user_id: int = OWNER, hours: int = 1
) -> int:
    """A completed run's id, without anything having been done."""
    async with database.session() as session:
        run = Run(
            user_id=user_id,
            employee_id=employee_id,
            scenario_type="email",
            status="completed",
            input=EMAIL,
            output=EMAIL_OUTPUT,
            reserved_tokens=1,
            hours_saved=hours,
            started_at=finished_at,
            finished_at=finished_at,
        )
        session.add(run)
        await session.flush()
        return run.id


class Person:
    """A user with a token, who calls the service by `client`."""

    def __init__(self, client: httpx.AsyncClient, user_id: int, role: str = "user") -> None:
        self._client = client
        self._headers = auth_headers(user_id, role)

    async def call(
        self, method: str, path: str, json: Any = None, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """One request; paths without /api stand below /api/ai-automation. `key` is its Idempotency-Key."""
        sent = {**self._headers, **headers} | ({"Idempotency-Key": key} if key else {})
        content = {} if json is None else {"json": json}
        url = path if path.startswith("/api") else f"/api/ai-automation{path}"
        return await self._client.request(method, url, headers=sent, **content)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.call("GET", path, **headers)

    async def post(self, path: str, json: Any = None, key: str | None = None) -> httpx.Response:
        return await self.call("POST", path, json, key)

    async def put(self, path: str, json: Any) -> httpx.Response:
        return await self.call("PUT", path, json)

    async def delete(self, path: str) -> httpx.Response:
        return await self.call("DELETE", path)
