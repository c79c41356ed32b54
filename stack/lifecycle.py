"""`up` starts what does not run yet and restarts what has changed, `down` stops everything, `clean` drops the data."""

from __future__ import annotations

import asyncio
import shutil
import time

from stack.control import Control, is_root
from stack.directory import Credentials, RunDirectory
from stack.environment import base_environment
from stack.errors import PartFailed, StackError
from stack.options import Options, role
from stack.plan import Stack
from stack.processes import MARKER, PART, SUPERVISOR, end
from stack.status import Summary, write_summary
from stack.steps import Program, Progress, Step, Task, run_steps, tail
from stack.supervisor import Supervisor, write_configuration
from testing.local_servers.process import ServerFailed

START_SECONDS = 60.0
TRIES = 3
SHUTDOWN_SECONDS = 30.0
SERVERS = ("postgres", "replica", "valkey")


async def bring_up(directory: RunDirectory, options: Options, progress: Progress) -> Summary:
    """Returns when every part answers. Raises StackError; what has started by then stays."""
    control = Control(directory)
    credentials = Credentials(directory)
    running = control.supervisor()
    control.end_orphans(running, progress.say)
    ports = control.ports(options, _listening(running), progress.say)
    stack = control.stack(options, ports, credentials)
    steps = stack.steps()
    password = credentials.password("supervisor")
    credentials.save()
    control.remember(options)
    configuration = write_configuration(
        directory, stack.programs(), port=ports["supervisor"], password=password, root=is_root()
    )
    supervisor = running or Supervisor(port=ports["supervisor"], password=password)
    if running:
        await asyncio.to_thread(supervisor.adopt_configuration)
    else:
        environment = base_environment() | {MARKER: directory.stack_id, PART: SUPERVISOR}
        supervisor.launch(configuration, environment=environment, log=directory.log("supervisor-start"))
    start = Starter(stack, supervisor)
    await run_steps(steps, start.step, progress)
    return write_summary(stack)


def _listening(running: Supervisor | None) -> set[str]:
    """The names of the ports that this stack itself holds."""
    if running is None:
        return set()
    alive = {name for name, state in running.states().items() if state.pid}
    return alive | {SUPERVISOR} | ({"gateway-admin"} if "gateway" in alive else set())


class Starter:
    """Starts one step after another of a stack under its supervisor."""

    def __init__(self, stack: Stack, supervisor: Supervisor) -> None:
        self._directory = stack.directory
        self._supervisor = supervisor

    async def step(self, step: Step) -> str:
        """Runs a task, or starts a program and waits until it is healthy; returns what to say. Raises PartFailed."""
        if isinstance(step, Task):
            return await step.run()
        return await self.program(step)

    async def program(self, program: Program) -> str:
        log = self._directory.log(program.name)
        start = log.stat().st_size if log.exists() else 0
        state = await asyncio.to_thread(self._supervisor.state, program.name)
        if not state.pid:
            await self._prepare(program)
            await asyncio.to_thread(self._supervisor.start, program.name)
        reason = await self._wait(program)
        if reason:
            raise PartFailed(f"{program.name} {reason}. The end of {log}:\n{tail(log, start=start)}")
        return f"{'runs already' if state.pid else 'started'} on 127.0.0.1:{program.port}"

    @staticmethod
    async def _prepare(program: Program) -> None:
        try:
            await asyncio.to_thread(program.prepare)
        except ServerFailed as error:
            raise PartFailed(f"{program.name} cannot be prepared: {error}") from error

    async def _wait(self, program: Program) -> str | None:
        """None when the program is healthy, else what is wrong with it."""
        deadline = time.monotonic() + START_SECONDS
        seen: set[int] = set()
        while time.monotonic() < deadline:
            if await asyncio.to_thread(program.healthy):
                return None
            state = await asyncio.to_thread(self._supervisor.state, program.name)
            seen |= {state.pid} - {0}
            if state.state == "fatal" or len(seen) > TRIES:
                return "ends as soon as it is started"
            await asyncio.sleep(0.05)
        return f"is not ready after {START_SECONDS:.0f} s"


async def restart_parts(directory: RunDirectory, parts: list[str], progress: Progress) -> None:
    """Stops and starts some parts of the running stack. Raises StackError."""
    control = Control(directory)
    supervisor = control.supervisor()
    if supervisor is None:
        raise StackError("nothing runs: `make up`")
    stack = control.running_stack(supervisor)
    chosen = [program for program in stack.programs() if role(program.name) in parts]
    await asyncio.to_thread(supervisor.stop, [program.name for program in chosen])
    await run_steps(chosen, Starter(stack, supervisor).step, progress)
    write_summary(stack)


def bring_down(directory: RunDirectory, progress: Progress) -> None:
    """Stops the stack and keeps its data. Raises StackError when something does not end."""
    control = Control(directory)
    supervisor = control.supervisor()
    if supervisor:
        _stop_in_order(supervisor)
        _await_end(control)
    end(control.processes())
    if left := control.processes():
        names = ", ".join(f"{entry.part} ({entry.process.pid})" for entry in left)
        raise StackError(f"these do not end: {names}")
    directory.summary.unlink(missing_ok=True)
    progress.done("stack", "stopped, no process left", progress.started)


def _stop_in_order(supervisor: Supervisor) -> None:
    """First those who use the servers, then the servers."""
    running = [name for name, state in supervisor.states().items() if state.pid]
    supervisor.stop([name for name in running if name not in SERVERS])
    supervisor.stop([name for name in running if name in SERVERS])
    supervisor.shutdown()


def _await_end(control: Control) -> None:
    deadline = time.monotonic() + SHUTDOWN_SECONDS
    while control.processes() and time.monotonic() < deadline:
        time.sleep(0.05)


def clean(directory: RunDirectory, progress: Progress) -> None:
    """Stops the stack and drops all that it has made: data, passwords, logs."""
    bring_down(directory, progress)
    for path in directory.root.iterdir():
        if path.name != "lock":  # held by us
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    progress.say(f"dropped the data, passwords and logs in {directory.root}")
