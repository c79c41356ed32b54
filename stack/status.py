"""`status`: a table of the parts; whether everything that was started is well."""

import contextlib
from datetime import timedelta

import psutil

from stack.control import Control
from stack.directory import RunDirectory
from stack.program import Program
from stack.supervision import State

ROW = "{:<18} {:<10} {:>8} {:>6} {:>10} {:>9}  {}"


def show_status(directory: RunDirectory) -> bool:
    """Prints the table; whether all is up."""
    control = Control(directory)
    supervisor = control.supervisor()
    if supervisor is None:
        left = sorted({entry.part for entry in control.processes()})
        print(
            f"left without supervisor, `make up` recovers: {', '.join(left)}"
            if left
            else "nothing runs: `make up`"
        )
        return False
    states = supervisor.states()
    print(ROW.format("part", "state", "pid", "port", "uptime", "memory", "health"))
    healthy = [
        _show(program, states[program.name]) for program in control.running_stack(supervisor).programs()
    ]
    return all(healthy)


def _show(program: Program, state: State) -> bool:
    healthy = bool(state.pid) and program.healthy()
    uptime = str(timedelta(seconds=int(state.uptime_seconds))) if state.pid else "-"
    memory = f"{_megabytes(state.pid):.0f} MB" if state.pid else "-"
    health = "ok" if healthy else "not ready" if state.pid else "down"
    print(ROW.format(program.name, state.state, state.pid or "-", program.port, uptime, memory, health))
    return healthy


def _megabytes(pid: int) -> float:
    """Memory of a process and its children; what they share is counted once where the system tells."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                memory = member.memory_full_info()
                total += getattr(memory, "pss", memory.rss)
    return total / 2**20
