from __future__ import annotations

import gc
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.cli.main import main
from shared.db.database import Database
from shared.db.migrate import downgrade
from shared.service import ServiceDefinition, WorkerParts

Run = Callable[..., Awaitable[int]]


@pytest.mark.parametrize("arguments", [[], ["bake"], ["api", "--fast"], ["greet"]])
def test_wrong_arguments_are_answered_with_what_is_allowed(
    definition: ServiceDefinition, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(definition, arguments)
    assert caught.value.code == 2
    assert "usage: python -m sample_service" in capsys.readouterr().err


def test_help_lists_every_command(definition: ServiceDefinition, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(definition, ["--help"])
    assert caught.value.code == 0
    output = capsys.readouterr().out
    assert all(
        name in output for name in ("api", "worker", "check", "migrate", "seed", "events", "jobs", "greet")
    )


def test_missing_settings_are_all_named_and_exit_2(
    definition: ServiceDefinition, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("DATABASE_URL")
    environment.delenv("REDIS_URL")
    assert main(definition, ["api"]) == 2
    errors = capsys.readouterr().err
    assert "DATABASE_URL: is missing" in errors
    assert "REDIS_URL: is missing" in errors


async def test_check_says_what_does_not_answer(
    run: Run, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("check") == 1
    output = capsys.readouterr().out
    assert "settings: ok" in output
    assert "database: ConnectionRefusedError" in output
    assert "redis: ConnectionError" in output
    assert "word" not in output


async def test_check_names_a_failure_that_says_nothing(
    run: Run, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ping(_: Database) -> None:
        raise TimeoutError

    environment.setattr(Database, "ping", ping)
    assert await run("check") == 1
    assert "database: TimeoutError" in capsys.readouterr().out


async def test_check_is_content_when_all_answer(
    run: Run, environment: pytest.MonkeyPatch, committed_db: Database, redis_url: str
) -> None:
    environment.setenv("DATABASE_URL", committed_db.url)
    environment.setenv("REDIS_URL", redis_url)
    assert await run("check") == 0


async def test_a_services_own_command_gets_an_open_runtime_and_names_its_exit_status(
    run: Run, environment: pytest.MonkeyPatch, committed_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("DATABASE_URL", committed_db.url)
    assert await run("greet", "Kim") == 0
    assert "hello Kim from sample-command, plans: force_custom_plan\n" in capsys.readouterr().out
    assert await run("greet", "nobody") == 3


async def test_seeding_may_be_repeated(
    run: Run, environment: pytest.MonkeyPatch, committed_db: Database
) -> None:
    environment.setenv("DATABASE_URL", committed_db.url)
    assert (await run("seed"), await run("seed")) == (0, 0)
    async with committed_db.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM things WHERE name = 'seeded'")) == 1


@pytest.mark.parametrize("command", [("seed",), ("migrate", "--seed")])
async def test_seeding_is_refused_in_production(
    run: Run,
    environment: pytest.MonkeyPatch,
    committed_db: Database,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
) -> None:
    environment.setenv("DATABASE_URL", committed_db.url)
    environment.setenv("ENVIRONMENT", "production")
    assert await run(*command) == 1
    output = capsys.readouterr()
    assert "production" in output.err
    assert not output.out  # nor has it migrated before


async def test_migrating_may_seed_as_well(
    run: Run, environment: pytest.MonkeyPatch, committed_db: Database, migrations: Path
) -> None:
    await downgrade(committed_db.url, migrations, revision="base")
    environment.setenv("DATABASE_URL", committed_db.url)
    assert await run("migrate", "--seed") == 0
    async with committed_db.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM things WHERE name = 'seeded'")) == 1


async def test_a_service_without_development_data_has_no_such_command(
    run: Run, definition: ServiceDefinition, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        await run("seed", of=replace(definition, seed=None))
    assert "invalid choice: 'seed'" in capsys.readouterr().err


async def test_a_command_collects_garbage_once_it_is_loaded(
    run: Run, environment: pytest.MonkeyPatch, committed_db: Database
) -> None:
    environment.setenv("DATABASE_URL", committed_db.url)
    gc.disable()
    try:
        await run("greet", "Kim")
        assert gc.isenabled()
    finally:
        gc.enable()


async def test_migrating_what_is_up_to_date_does_nothing(
    run: Run, environment: pytest.MonkeyPatch, committed_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("DATABASE_URL", committed_db.url)
    assert await run("migrate") == 0
    assert "nothing to migrate" in capsys.readouterr().out


def test_a_command_imports_nothing_that_it_does_not_use() -> None:
    import subprocess
    import sys

    loaded = "shared.web.app, shared.web.server, shared.cli.main"
    program = f"import sys, json, {loaded}; print(json.dumps(sorted(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout
    unused = {"alembic", "stripe", "pgqueuer", "opentelemetry.sdk.trace", "opentelemetry.sdk.resources"}
    assert unused & set(json.loads(output)) == set()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("jobs", "held"), "No held jobs.\n"),
        (("events", "dead"), "No dead letters.\n"),
        (("events", "groups"), "No consumer groups.\n"),
        (("events", "lag"), "sample consumes no events.\n"),
    ],
)
async def test_a_list_of_nothing_says_so_to_people_and_nothing_to_scripts(
    run: Run,
    definition: ServiceDefinition,
    environment: pytest.MonkeyPatch,
    committed_db: Database,
    redis_url: str,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    environment.setenv("DATABASE_URL", committed_db.url)
    environment.setenv("REDIS_URL", redis_url)
    idle = replace(definition, worker=lambda _: WorkerParts())
    assert await run(*arguments, of=idle) == 0
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", said)
