"""Leaving the processors to others."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")


def give_way(niceness: int) -> None:
    """Be as nice (0 to 19) to other processes. Linux with autogroups compares sessions first, and processes only within
    one (sched(7)): whoever leads a session makes it as nice."""
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # a kernel without autogroups
            AUTOGROUP.write_text(str(niceness))
