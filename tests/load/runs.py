"""Runs of AI employees through one worker process, and an owner's employees; each beside what they could be at best.

The worker is the real one, the language model a server here that answers in Anthropic's protocol after 50 ms.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ai_service.definition import definition
from ai_service.employees import plans, queries
from ai_service.employees.rules import month_start
from ai_service.runs.service import accept
from ai_service.schema import Employee
from ai_service.settings import AiSettings
from shared.db import migrate
from shared.db.database import Database
from shared.schemas.dates import utcnow
from shared.schemas.types import MAX_ID
from testing.local_servers.postgres import ensure_database
from testing.local_servers.process import free_port
from testing.serving import bound_socket, serving
from tests.load.compare import Row, in_turns, latency, rate
from tests.load.events_latency import start_servers
from tests.load.generator import closed_loop, request_bytes
from tests.load.plan import Plan
from tests.load.rig import Rig

MODEL_SECONDS: Final = 0.05
RUNS: Final = 1000
LONGEST_SECONDS: Final = 120.0
EMPLOYEES: Final = 20
CONNECTIONS: Final = 16
FIRST_USER: Final = 9_000_001
USERS: Final = 100
INPUT: Final = {
    "subject": "Opening hours",
    "body": "Are you open on Sunday?",
    "sender": "Kim",
    "tone": "friendly",
}
OUTPUT: Final = {"subject": "Re: it", "reply": "Yes, we are.", "category": "question", "needs_human": False}


async def rows(rig: Rig, plan: Plan) -> list[Row]:
    """The employee list, and runs."""
    return [await _list(rig, plan), await _runs()]


async def _list(rig: Rig, plan: Plan) -> Row:
    session = await rig.log_in()
    service, dsn = rig.summary["services"]["ai"], rig.summary["databases"]["ai"]
    await _hire(dsn, session["user"]["id"])
    bare = await _bare(rig, dsn, session["user"]["id"])
    path = f"/api/ai-automation/employees?limit={EMPLOYEES}"
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    ours = request_bytes("GET", service + path, headers=headers)
    limit = request_bytes("GET", f"{bare}/rows")
    results = await in_turns(
        {
            "ours": lambda: closed_loop(
                service, itertools.repeat(ours), connections=CONNECTIONS, seconds=plan.seconds
            ),
            "limit": lambda: closed_loop(
                bare, itertools.repeat(limit), connections=CONNECTIONS, seconds=plan.seconds
            ),
        },
        runs=plan.runs,
    )
    reached, possible = rate(results["ours"]), rate(results["limit"])
    return Row(
        f"employee list ({EMPLOYEES} rows with their hours, per user)",
        f"{reached:,.0f}/s, p99 {latency(results['ours'], 0.99):.1f} ms",
        f"{possible:,.0f}/s bare FastAPI, the same SQL by asyncpg, p99 {latency(results['limit'], 0.99):.1f} ms"
        f" ({reached / possible:.0%})",
        "half the limit",
    )


async def _hire(dsn: str, user_id: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "INSERT INTO ai_employees (user_id, name, scenario_type)"
            " SELECT $1, 'Employee ' || n, 'email' FROM generate_series(1, $2) AS n",
            user_id,
            EMPLOYEES,
        )
    finally:
        await connection.close()


async def _bare(rig: Rig, dsn: str, user_id: int) -> str:
    """The same SQL, with the month written out: JSON has no moments."""
    month = f"timestamptz '{month_start(utcnow()).isoformat()}'"
    query = queries.OF_USER.replace("$2", month).replace("$3", "$2").replace("$4", "$3")
    file, port = rig.directory / "employees.json", free_port()
    file.write_bytes(orjson.dumps({"query": query, "parameters": [user_id, MAX_ID, EMPLOYEES + 1]}))
    return await rig.run(
        "tests.load.bare", "sql", "--port", str(port), "--dsn", dsn, "--query", str(file), port=port
    )


async def _runs() -> Row:
    """On servers of its own, where no other worker takes the jobs."""
    with tempfile.TemporaryDirectory(prefix="softfactory-load-") as directory, ExitStack() as held:
        admin_url, redis_url = start_servers(Path(directory), held)
        await ensure_database(admin_url, database="ai", role="ai", password="load")
        url = f"postgresql://ai:load@{admin_url.split('@')[1].rpartition('/')[0]}/ai"
        await migrate.upgrade(url, definition.migrations, say=lambda _: None)
        listener = held.enter_context(bound_socket())
        model = held.enter_context(serving(Starlette(routes=[MODEL]), listener))
        await _queue(url)
        with _worker(url, redis_url, model):
            seconds = await _until_done(url)
    at_a_time = AiSettings.model_fields["runs_at_a_time"].default
    possible = at_a_time / MODEL_SECONDS
    return Row(
        f"runs through one worker process, a model that takes {MODEL_SECONDS * 1000:.0f} ms",
        f"{RUNS / seconds:,.0f}/s",
        f"{possible:,.0f}/s if only the model took time, {at_a_time} at a time ({RUNS / seconds / possible:.0%})",
        "",
    )


async def _answer(_: Request) -> Response:
    await asyncio.sleep(MODEL_SECONDS)
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"usage": {"input_tokens": 500, "output_tokens": 1}}},
        {
            "type": "content_block_delta",
            "delta": {"type": "input_json_delta", "partial_json": json.dumps(OUTPUT)},
        },
        {"type": "message_delta", "usage": {"output_tokens": 60}},
        {"type": "message_stop"},
    ]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return Response(body, media_type="text/event-stream")


MODEL: Final = Route("/v1/messages", _answer, methods=["POST"])


async def _queue(url: str) -> None:
    """Employees of many owners, each with runs that wait."""
    database = Database(url)
    try:
        for user in range(FIRST_USER, FIRST_USER + USERS):
            async with database.session() as session:
                await plans.choose(session, user_id=user, plan="enterprise", now=utcnow())
                values = {"name": "Mina", "scenario_type": "email", "status": "active"}
                employee = Employee(user_id=user, deployed_at=utcnow(), **values)
                session.add(employee)
                await session.flush()
                for _ in range(RUNS // USERS):
                    await accept(session, employee, given=INPUT, default_plan="starter")
    finally:
        await database.close()


@contextmanager
def _worker(url: str, redis_url: str, model: str) -> Iterator[None]:
    settings = {
        "ENVIRONMENT": "test", "DATABASE_URL": url, "REDIS_URL": redis_url, "PORT": str(free_port()),
        "WORKER_PORT": str(free_port()), "PLATFORM_URL": "http://127.0.0.1:1", "SERVICE_SECRET": "of-the-bench",
        "LLM_PROVIDER": "anthropic", "LLM_API_URL": model, "LLM_API_KEY": "none", "LLM_MODEL": "bench",
    }  # fmt: skip
    command = [sys.executable, "-m", "ai_service", "worker"]
    process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def _until_done(url: str) -> float:
    """Seconds from the first run's beginning to the last one's end. Raises RuntimeError where one failed."""
    connection = await asyncpg.connect(url)
    try:
        deadline = time.monotonic() + LONGEST_SECONDS
        while await connection.fetchval("SELECT count(*) FROM runs WHERE finished_at IS NULL"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"not every run ended within {LONGEST_SECONDS:g} s")
            await asyncio.sleep(0.2)
        if await connection.fetchval("SELECT count(*) FROM runs WHERE status <> 'completed'"):
            raise RuntimeError("runs failed")
        query = "SELECT extract(epoch FROM max(finished_at) - min(started_at)) FROM runs"
        return float(await connection.fetchval(query))
    finally:
        await connection.close()
