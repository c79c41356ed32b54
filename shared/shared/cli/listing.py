"""What a command lists: the lines on stdout, for scripts; that there are none on stderr, for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable


def write_list(lines: Iterable[str], *, none: str) -> None:
    """Write the lines to stdout; where there are none, `none` to stderr, such as "No held jobs."."""
    written = 0
    for line in lines:
        sys.stdout.write(f"{line}\n")
        written += 1
    if not written:
        sys.stderr.write(f"{none}\n")
    sys.stdout.flush()
