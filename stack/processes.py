"""This stack's processes, found by a marker in their environment: never by name, nor by a process id in a file.

Process ids in files go stale: after a crash or a reboot they belong to somebody else.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

MARKER = "STACK_ID"
PART = "STACK_PART"
SUPERVISOR = "supervisor"
POSTGRES_PARTS = ("postgres", "replica")


@dataclass(frozen=True)
class Marked:
    """A running process of this stack."""

    process: psutil.Process
    part: str


def marked(stack_id: str, *, postgres_data: Collection[Path] = ()) -> list[Marked]:
    """Every process of the stack, but this one. `postgres_data`: PostgreSQL's data directories.

    PostgreSQL's backends overwrite their environment with their title, so they are known by their working directory.
    """
    found = []
    clusters = {str(path) for path in postgres_data}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # ended meanwhile, or somebody else's
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            environment = process.environ()
            if environment.get(MARKER) == stack_id:
                found.append(Marked(process, environment.get(PART, "?")))
            elif clusters and process.name().startswith("postgres") and process.cwd() in clusters:
                found.append(Marked(process, "postgres"))
    return found


def orphans(processes: Collection[Marked]) -> list[Marked]:
    """Those that no supervisor looks after: left by a killed supervisor or by an interrupted command."""
    kept: set[int] = set()
    for entry in processes:
        if entry.part == SUPERVISOR:
            kept.add(entry.process.pid)
            with contextlib.suppress(psutil.NoSuchProcess):
                kept |= {child.pid for child in entry.process.children(recursive=True)}
    return [entry for entry in processes if entry.process.pid not in kept]


def end(processes: Collection[Marked], *, seconds: float = 10) -> None:
    """Asks them to end, and kills those that are still there after `seconds`."""
    left = [entry.process for entry in processes]
    for entry in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            # On SIGTERM PostgreSQL would wait for its clients.
            entry.process.send_signal(signal.SIGINT if entry.part in POSTGRES_PARTS else signal.SIGTERM)
    _, left = psutil.wait_procs(left, timeout=seconds)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=5)
