"""Running a command that ends, such as a migration, with its output in a log."""

import asyncio
import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.directory import CHECKOUT, RunDirectory
from stack.errors import PartFailed
from stack.processes import MARKER, PART

SECONDS = 120.0
LINES = 25


def tail(log: Path, *, start: int = 0, lines: int = LINES) -> str:
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
            start_new_session=True,  # Ctrl-C is for us, who stop it then
        )  # fmt: skip
    try:
        status = await asyncio.wait_for(process.wait(), SECONDS)
    except TimeoutError:
        raise PartFailed(f"{name} did not end in {SECONDS:.0f} s. The end of {log}:\n{tail(log)}") from None
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
