"""Services' own commands, run with the settings of the running stack."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stack.control import Control
from stack.directory import CHECKOUT, RunDirectory
from stack.errors import StackError, WrongArgument
from stack.plan import Stack
from stack.services import NAMES, PLATFORM, SERVICES, Service

KNOWN_EVERYWHERE_SECONDS = 5.0
"""Services ask for keys again when they meet an unknown one; the gateway has it as soon as it has reloaded."""


@dataclass(frozen=True)
class Commands:
    """Runs `python -m <name>_service ...` for the services of a running stack."""

    stack: Stack

    @classmethod
    def of_running(cls, directory: RunDirectory) -> Commands:
        """Raises StackError when the stack does not run."""
        control = Control(directory)
        supervisor = control.supervisor()
        if supervisor is None:
            raise StackError("this needs the running stack: `make up`")
        return cls(control.running_stack(supervisor))

    def run(self, service: Service, *arguments: str) -> str:
        """The command's standard output. Its errors go to the terminal. Raises StackError when it fails."""
        result = self._start(service, arguments, stdout=subprocess.PIPE)
        if result.returncode != 0:
            raise StackError(f"{service.name}: {' '.join(arguments)} ended with status {result.returncode}")
        return result.stdout

    def show(self, service: Service, *arguments: str) -> int:
        """The command on this terminal; its exit status."""
        return self._start(service, arguments, stdout=None).returncode

    def _start(
        self, service: Service, arguments: Sequence[str], *, stdout: int | None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", service.module, *arguments],
            cwd=CHECKOUT, env=self.stack.command_environment(service), text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=stdout,
        )  # fmt: skip


def chosen_services(environment: Mapping[str, str]) -> list[Service]:
    """The service that SERVICE names, by default all. Raises WrongArgument."""
    name = environment.get("SERVICE")
    chosen = [service for service in SERVICES if name in (None, "", service.name)]
    if not chosen:
        raise WrongArgument(f"SERVICE={name}: allowed are {', '.join(NAMES)}")
    return chosen


def _the_chosen_one(environment: Mapping[str, str]) -> Service:
    if not environment.get("SERVICE"):
        raise WrongArgument(f"SERVICE= is missing: one of {', '.join(NAMES)}")
    (service,) = chosen_services(environment)
    return service


def execute(directory: RunDirectory, environment: Mapping[str, str]) -> int:
    """SERVICE's own command, ARGS, on this terminal; its exit status."""
    service = _the_chosen_one(environment)
    try:
        arguments = shlex.split(environment.get("ARGS", ""))
    except ValueError as error:
        raise WrongArgument(f"ARGS={environment['ARGS']}: {error}") from None
    if not arguments:
        raise WrongArgument("ARGS= is missing: such as ARGS='jobs held'; ARGS=--help lists what there is")
    return Commands.of_running(directory).show(service, *arguments)


def seed(directory: RunDirectory, environment: Mapping[str, str]) -> None:
    """Writes the development data again."""
    chosen = chosen_services(environment)
    commands = Commands.of_running(directory)
    for service in chosen:
        commands.run(service, "seed")
        print(f"  {service.name:<18} seeded")


def new_migration(directory: RunDirectory, environment: Mapping[str, str], name: str) -> None:
    """Writes a migration from what the models have more than the stack's migrated database."""
    service = _the_chosen_one(environment)
    if not name.isidentifier() or not name.isascii():
        raise WrongArgument(f"NAME={name}: needed are letters, digits and _, such as NAME=add_tips")
    commands = Commands.of_running(directory)
    commands.run(service, "migrate")
    print(commands.run(service, "migrate", "--new", name), end="")


async def rotate_keys(directory: RunDirectory) -> None:
    """A new key signs once everybody knows it; the one before stays known until its tokens are over."""
    commands = Commands.of_running(directory)
    platform = PLATFORM
    added = commands.run(platform, "keys", "add")
    print(f"  published          {added}", end="")
    if "gateway" in commands.stack.addresses.ports:
        print(f"  gateway            {await commands.stack.gateway().configure()}")
    await asyncio.sleep(KNOWN_EVERYWHERE_SECONDS)
    print(f"  signs              {commands.run(platform, 'keys', 'activate', added.split()[0])}", end="")
