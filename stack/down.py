"""`down`: stops every part, and makes sure that none is left. `clean` also drops the data."""

import shutil
import time

from stack.control import Control
from stack.directory import RunDirectory
from stack.errors import StackError
from stack.processes import end
from stack.progress import Progress
from stack.supervision import Supervisor

SHUTDOWN_SECONDS = 30.0
SERVERS = ("postgres", "replica", "valkey")


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
