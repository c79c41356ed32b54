"""A sample service's command line, as its command would be run."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import text

from shared.cli.main import main
from shared.runtime import Runtime
from shared.service import Command, ServiceDefinition
from shared.settings import ServiceSettings

MIGRATIONS = Path(__file__).parent.parent / "sample_migrations"
Run = Callable[..., Awaitable[int]]


@pytest.fixture
def migrations() -> Path:
    return MIGRATIONS


@pytest.fixture
def database_name() -> str:
    return "sample"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> pytest.MonkeyPatch:
    nowhere = f"127.0.0.1:{unused_tcp_port}"
    for name, value in {
        "ENVIRONMENT": "test",
        "DATABASE_URL": f"postgresql://user:word@{nowhere}/sample",
        "REDIS_URL": f"redis://{nowhere}",
        "PORT": "1",
        "WORKER_PORT": "1",
        "PLATFORM_URL": f"http://{nowhere}",
        "SERVICE_SECRET": "a-secret-of-at-least-32-characters",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


async def greet(arguments: argparse.Namespace, runtime: Runtime) -> int | None:
    async with runtime.database.read() as connection:
        found = await connection.scalar(text("SELECT current_setting('application_name')"))
        plans = await connection.scalar(text("SELECT current_setting('plan_cache_mode')"))
    print(f"hello {arguments.name} from {found}, plans: {plans}")  # noqa: T201 - a command's answer
    return 3 if arguments.name == "nobody" else None


async def seed(runtime: Runtime) -> None:
    async with runtime.database.session() as session:
        await session.execute(text("INSERT INTO things (name) VALUES ('seeded') ON CONFLICT DO NOTHING"))


@pytest.fixture
def definition() -> ServiceDefinition:
    command = Command("greet", "say hello", greet, lambda parser: cast("None", parser.add_argument("name")))
    return ServiceDefinition(
        name="sample",
        settings_type=ServiceSettings,
        routers=lambda _settings: [],
        migrations=MIGRATIONS,
        worker=cast("Any", None),
        seed=seed,
        commands=(command,),
    )


@pytest.fixture
def run(definition: ServiceDefinition) -> Run:
    """In a thread, since a command runs an event loop of its own."""

    async def call(*arguments: str, of: ServiceDefinition = definition) -> int:
        return await asyncio.to_thread(main, of, arguments)

    return call
