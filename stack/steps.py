"""What `up` is made of: programs that stay and tasks that end, each run as soon as what it needs is there."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from stack.directory import CHECKOUT, RunDirectory
from stack.errors import PartFailed
from stack.processes import MARKER, PART

TASK_SECONDS = 120.0
TAIL_LINES = 25
SUFFIXES = {".py", ".lua", ".sql"}


@dataclass(frozen=True)
class Program:
    """A process that the supervisor keeps running."""

    name: str
    command: Sequence[str]
    healthy: Callable[[], bool]
    """Asks the running process; may block for a second, raises nothing."""
    port: int
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    prepare: Callable[[], None] = lambda: None
    """Run before the process is started, not before the supervisor starts it again."""
    stop_signal: str = "TERM"
    stop_group: bool = True
    """Whether the signal goes to the process's children too."""
    tier: int = 50
    """Lower tiers stop later: the servers after those who use them."""


@dataclass(frozen=True)
class Task:
    """Something that `up` does each time, after others, and that ends."""

    name: str
    part: str
    """The program that it is done for: left out together with it."""
    run: Callable[[], Awaitable[str]]
    """Returns what to say about it. Raises PartFailed."""
    after: tuple[str, ...] = ()


Step = Program | Task

Run = Callable[[Step], Awaitable[str]]


class Progress:
    """Lines for people and for logs alike: no colours, no line that changes."""

    def __init__(self) -> None:
        self.started = time.monotonic()

    def say(self, text: str) -> None:
        print(text, flush=True)

    def done(self, name: str, what: str, since: float) -> None:
        self.say(f"  {name:<18} {what:<46} {time.monotonic() - since:5.1f} s")


async def run_steps(steps: Iterable[Step], run: Run, progress: Progress) -> None:
    """Runs every step after those that it names. The first failure stops the others and is raised."""
    wanted = list(steps)
    finished = {step.name: asyncio.Event() for step in wanted}

    async def follow(step: Step) -> None:
        for name in step.after:
            if name in finished:  # what is left out of this run is not waited for
                await finished[name].wait()
        since = time.monotonic()
        progress.done(step.name, await run(step), since)
        finished[step.name].set()

    try:
        async with asyncio.TaskGroup() as group:
            for step in wanted:
                group.create_task(follow(step))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def tail(log: Path, *, start: int = 0, lines: int = TAIL_LINES) -> str:
    """The last lines of a log, of what was written behind the byte `start`."""
    try:
        with log.open("rb") as file:
            file.seek(start if log.stat().st_size >= start else 0)  # rotated meanwhile
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


async def run_task(
    directory: RunDirectory,
    name: str,
    module: Sequence[str],
    environment: Mapping[str, str],
    *,
    output: Path | None = None,
) -> str:
    """Runs `python -m` with these arguments, its standard output into a file if need be. Raises PartFailed."""
    log = directory.log(name)
    marker = {MARKER: directory.stack_id, PART: name}
    for file in {log, output or log}:
        file.write_bytes(b"")
    with log.open("ab") as errors, (output or log).open("ab") as results:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *module, cwd=CHECKOUT, env={**environment, **marker},
            stdin=asyncio.subprocess.DEVNULL, stdout=results, stderr=errors,
            start_new_session=True,  # Ctrl-C is for this process, which then stops it
        )  # fmt: skip
    try:
        status = await asyncio.wait_for(process.wait(), TASK_SECONDS)
    except TimeoutError:
        raise PartFailed(
            f"{name} did not end in {TASK_SECONDS:.0f} s. The end of {log}:\n{tail(log)}"
        ) from None
    finally:
        await _stop(process)
    if status != 0:
        raise PartFailed(f"{name} failed with status {status}. The end of {log}:\n{tail(log)}")
    return "done"


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def http_ok(url: str, *, seconds: float = 2, status: int = http.HTTPStatus.OK) -> bool:
    """Whether GET answers 200, or another status, in time."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@cache
def fingerprint(*folders: str) -> str:
    """Of every source file below these folders of the checkout, and of the locked dependencies of what runs."""
    digest = hashlib.sha256((CHECKOUT / "stack" / "requirements.lock").read_bytes())
    for folder in folders:
        for path in sorted((CHECKOUT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "tests" not in path.parts:
                digest.update(str(path.relative_to(CHECKOUT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
