"""A process's garbage collector, and its priority relative to other processes."""

from __future__ import annotations

import gc
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

AUTOGROUP: Final = Path("/proc/self/autogroup")
RETRIES: Final = 20
COLLECT_AFTER: Final = (20_000, 20, 20)


def lower_priority(niceness: int) -> None:
    """Be as nice (0 to 19) to other processes. Linux with autogroups compares sessions first, and processes only within
    one (sched(7)): a session leader sets the niceness of its session."""
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # a kernel without autogroups
            _ask(niceness)


def _ask(niceness: int) -> None:
    """Raises OSError. Except for root, the kernel accepts one request each 100 ms."""
    for _ in range(RETRIES):
        try:
            AUTOGROUP.write_text(str(niceness))
            return
        except BlockingIOError:
            time.sleep(0.1)


def freeze_garbage_collector() -> None:
    """Everything is loaded: turn the collector on, and never have it walk what exists now, least of all during
    requests."""
    gc.collect()
    gc.freeze()
    gc.enable()


def collect_garbage_less_often() -> None:
    """Have the garbage collector run less often, and skip what is loaded now: with hundreds of concurrent jobs it would
    otherwise take half of the process's time."""
    freeze_garbage_collector()
    gc.set_threshold(*COLLECT_AFTER)
