"""`python -m stack COMMAND`: the development stack. The Makefile's targets call it."""

from __future__ import annotations

import argparse
import asyncio
import os
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stack import commands
from stack.directory import RunDirectory
from stack.errors import StackError, WrongArgument
from stack.lifecycle import bring_down, bring_up, clean, restart_parts
from stack.monitoring import require_tools
from stack.objectives import show_objectives
from stack.options import allowed_names, matching, read_options
from stack.request_log import show_request
from stack.status import selected_parts, show_logs, show_status
from stack.steps import Progress

Command = Callable[[RunDirectory, Mapping[str, str]], int]


def up(directory: RunDirectory, environment: Mapping[str, str]) -> int:
    """start everything that does not run yet"""
    options = read_options(environment, only=_only(environment))
    progress = Progress()
    if options.watch:
        require_tools()
    with directory.locked():
        summary = asyncio.run(bring_up(directory, options, progress))
    progress.done("stack", "ready", progress.started)
    for line in summary.lines():
        progress.say(line)
    return 0


def down(directory: RunDirectory, _environment: Mapping[str, str]) -> int:
    """stop everything, keep the data"""
    with directory.locked():
        bring_down(directory, Progress())
    return 0


def drop(directory: RunDirectory, _environment: Mapping[str, str]) -> int:
    """stop everything, drop the data"""
    with directory.locked():
        clean(directory, Progress())
    return 0


def restart(directory: RunDirectory, environment: Mapping[str, str]) -> int:
    """stop and start SERVICE, or everything"""
    parts = selected_parts(environment)
    if environment.get("SERVICE"):
        with directory.locked():
            asyncio.run(restart_parts(directory, parts, Progress()))
        return 0
    read_options(environment)
    return down(directory, environment) or up(directory, environment)


def status(directory: RunDirectory, _environment: Mapping[str, str]) -> int:
    """a table of the parts; fails when something is down"""
    return 0 if show_status(directory) else 1


def logs(directory: RunDirectory, environment: Mapping[str, str]) -> int:
    """the last lines of the logs, of all or of SERVICE; FOLLOW=1 goes on; REQUEST=ID: all lines of one request"""
    if environment.get("REQUEST"):
        show_request(directory, environment, selected_parts(environment))
    else:
        show_logs(directory, environment)
    return 0


def seed(directory: RunDirectory, environment: Mapping[str, str]) -> int:
    """write the development data again, of all services or of SERVICE"""
    commands.seed(directory, environment)
    return 0


def new_migration(directory: RunDirectory, environment: Mapping[str, str]) -> int:
    """write a migration NAME of SERVICE from its models"""
    commands.new_migration(directory, environment, environment.get("NAME", ""))
    return 0


def execute(directory: RunDirectory, environment: Mapping[str, str]) -> int:
    """run SERVICE's own command, ARGS, with the running stack's settings"""
    return commands.execute(directory, environment)


def slo(directory: RunDirectory, environment: Mapping[str, str]) -> int:
    """where the objectives stand, from this stack's Prometheus or the one at ADDRESS"""
    show_objectives(directory, environment)
    return 0


def rotate_keys(directory: RunDirectory, _environment: Mapping[str, str]) -> int:
    """a new key signs the tokens; nobody is logged out"""
    with directory.locked():
        asyncio.run(commands.rotate_keys(directory))
    return 0


COMMANDS: dict[str, Command] = {
    "up": up, "down": down, "restart": restart, "status": status, "logs": logs, "clean": drop,
    "seed": seed, "exec": execute, "new-migration": new_migration, "rotate-keys": rotate_keys, "slo": slo,
}  # fmt: skip


def _only(environment: Mapping[str, str]) -> frozenset[str] | None:
    """The parts that ONLY names, by default all. Raises WrongArgument."""
    names = environment.get("ONLY", "").replace(",", " ").split()
    for name in names:
        if not matching(name):
            raise WrongArgument(f"ONLY={name}: allowed are {', '.join(allowed_names())}")
    return frozenset(part for name in names for part in matching(name)) or None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status: 1 when it failed, 2 for a wrong argument, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__.partition(":")[2].strip())
    known = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        known.add_parser(name, help=command.__doc__).set_defaults(run=command)
    run: Command = parser.parse_args(arguments).run
    try:
        result = run(RunDirectory.from_environment(os.environ), os.environ)
        sys.stdout.flush()
        return result
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        return _end_unread(run)
    except WrongArgument as error:
        print(error, file=sys.stderr)
        return 2
    except StackError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: what has started stays; `make up` goes on, `make down` stops it", file=sys.stderr)
        return 130


def _nobody_reads() -> bool:
    """Whether the reader of our output has gone, such as `head`, which has read its lines."""
    output = select.poll()
    output.register(sys.stdout, select.POLLERR)
    return bool(output.poll(0))


def _end_unread(run: Command) -> int:
    """The exit status: what only shows something has shown what was wanted."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    if run is status:
        return 0
    print("ended, as nobody reads on: what has started stays; `make up` goes on", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
