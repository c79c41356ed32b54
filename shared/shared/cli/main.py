"""The command line of every service: `python -m <name>_service api|worker|migrate|...`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from shared.db.engine import WORKER_POOL_TIMEOUT_SECONDS, WORKER_SETTINGS
from shared.observability import logging, tracing
from shared.runtime import Runtime, open_runtime
from shared.service import Command, ServiceDefinition
from shared.settings import ServiceSettings, SettingsError, load_settings

T = TypeVar("T")
Handler = Callable[[ServiceDefinition, ServiceSettings, argparse.Namespace], int]


def main(definition: ServiceDefinition, argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 for a failure, 2 for wrong settings.

    Wrong arguments raise SystemExit(2) after a message that says what is allowed; `--help` raises SystemExit(0).
    """
    arguments = build_parser(definition).parse_args(argv)
    try:
        settings = load_settings(definition.settings_type)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    handler: Handler = arguments.handler
    if handler not in (_api, _worker):  # these load more before they settle
        gc.enable()
    return handler(definition, settings, arguments)


def build_parser(definition: ServiceDefinition) -> argparse.ArgumentParser:
    """The parser of `definition`'s command line; each command leaves its Handler in `handler`."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {definition.name}_service",
        description=f"The {definition.name} service. Settings come from environment variables.",
    )
    commands = parser.add_subparsers(metavar="command", required=True)
    for name, text, handler in (
        ("api", "serve HTTP on HOST and PORT", _api),
        ("worker", "publish and consume events and run jobs; health and metrics on WORKER_PORT", _worker),
        ("check", "say whether the settings, the database and Redis are usable", _check),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(handler=handler)
    migrate = commands.add_parser(
        "migrate", help="bring the database's tables up to date, or write a migration"
    )
    migrate.add_argument(
        "--to", metavar="REVISION", default="head", help="the revision to migrate to (default: the latest)"
    )
    migrate.add_argument(
        "--new",
        metavar="MESSAGE",
        help="instead, write a revision from the difference between the models and the database",
    )
    migrate.set_defaults(handler=_migrate, seed=False)
    if definition.seed is not None:
        migrate.add_argument("--seed", action="store_true", help="also write the development data afterwards")
        text = "write the development data; may be repeated, refused in production"
        commands.add_parser("seed", help=text, description=text).set_defaults(handler=_seed)
    for command in (*_shared_commands(definition), *definition.commands):
        _add(commands, command)
    return parser


def _add(commands: Any, command: Command) -> None:
    def handle(
        definition: ServiceDefinition, settings: ServiceSettings, arguments: argparse.Namespace
    ) -> int:
        return _with_runtime(definition, settings, lambda runtime: command.run(arguments, runtime)) or 0

    parser = commands.add_parser(command.name, help=command.help, description=command.help)
    command.configure(parser)
    parser.set_defaults(handler=handle)


def _shared_commands(definition: ServiceDefinition) -> Sequence[Command]:
    from shared.cli.events import events_command
    from shared.cli.maintenance import jobs_command

    return events_command(definition), jobs_command(definition)


def _api(definition: ServiceDefinition, settings: ServiceSettings, _arguments: argparse.Namespace) -> int:
    # Imported where they are used: a command pays, in time and memory, for nothing but its own.
    from shared.web.app import create_app
    from shared.web.server import serve

    logging.configure(definition.name, settings.log_level)
    with tracing.exporting(definition.name, settings):
        return 0 if serve(create_app(definition, settings), settings) else 1


def _worker(definition: ServiceDefinition, settings: ServiceSettings, _arguments: argparse.Namespace) -> int:
    from shared.worker import run_worker

    name = f"{definition.name}-worker"
    logging.configure(name, settings.log_level)
    with tracing.exporting(name, settings):
        status = _with_runtime(
            definition, settings, lambda runtime: run_worker(definition, runtime), process="worker"
        )
    return status or 0


def _migrate(definition: ServiceDefinition, settings: ServiceSettings, arguments: argparse.Namespace) -> int:
    from shared.db.migrate import new_revision, upgrade

    if arguments.seed and settings.is_production:
        return _refuse_seed()
    if arguments.new:
        path = _run(new_revision(settings.database_url, definition.migrations, arguments.new))
        sys.stdout.write(f"wrote {path}\n")
    else:
        _run(upgrade(settings.database_url, definition.migrations, revision=arguments.to))
    return _seed(definition, settings, arguments) if arguments.seed else 0


def _seed(definition: ServiceDefinition, settings: ServiceSettings, _arguments: argparse.Namespace) -> int:
    if definition.seed is None or settings.is_production:
        return _refuse_seed()
    _with_runtime(definition, settings, definition.seed)
    return 0


def _refuse_seed() -> int:
    sys.stderr.write("Development data cannot be written in production.\n")
    return 1


def _check(definition: ServiceDefinition, settings: ServiceSettings, _arguments: argparse.Namespace) -> int:
    async def check(runtime: Runtime) -> int:
        failures = 0
        for name, question in (("database", runtime.database.ping()), ("redis", runtime.redis.ping())):
            problem = await _problem(question)
            failures += problem is not None
            sys.stdout.write(f"{name}: {problem or 'ok'}\n")
        return 1 if failures else 0

    sys.stdout.write("settings: ok\n")
    return _with_runtime(definition, settings, check) or 0


async def _problem(question: Awaitable[Any]) -> str | None:
    try:
        await question
    except Exception as error:  # any of them is the answer
        return f"{type(error).__name__}: {(logging.redact(str(error)).splitlines() or [''])[0]}"
    return None


def _with_runtime(
    definition: ServiceDefinition,
    settings: ServiceSettings,
    work: Callable[[Runtime], Awaitable[T]],
    *,
    process: str = "command",
) -> T:
    async def run() -> T:
        name = f"{definition.name}-{process}"
        opening = open_runtime(
            settings,
            name=name,
            keys=definition.key_source,
            server_settings=WORKER_SETTINGS,
            pool_timeout=WORKER_POOL_TIMEOUT_SECONDS,
        )
        async with opening as runtime:
            return await work(runtime)

    return _run(run())


def _run(work: Coroutine[Any, Any, T]) -> T:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
