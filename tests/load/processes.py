"""What the processes themselves take: memory at rest, and the seconds until the stack answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stack.control import Control
from stack.directory import RunDirectory
from tests.load.compare import Row
from tests.load.rig import Rig, run_stack

LIBRARIES = (
    "alembic asyncpg fastapi httpx joserfc.jwt orjson pgqueuer prometheus_client pydantic_settings redis.asyncio"
    " sqlalchemy.ext.asyncio stripe uvicorn uvloop"
)
MEGABYTE = 1024 * 1024


def memory(rig: Rig) -> Row:
    """Resident memory of every process of the stack at rest, beside an interpreter with the same libraries."""
    code = f"import psutil, {', '.join(LIBRARIES.split())}; print(psutil.Process().memory_info().rss)"
    bare = int(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    )
    sizes: dict[str, int] = {}
    for entry in Control(RunDirectory(Path(rig.directory).resolve())).processes():
        size = entry.process.memory_info().rss
        sizes[entry.part] = max(sizes.get(entry.part, 0), size)
    services = {part: size for part, size in sizes.items() if part.endswith(("-api", "-worker"))}
    others = {part: size for part, size in sizes.items() if part not in services}
    return Row(
        "memory of one idle service process (RSS)",
        _listed(services),
        f"{bare / MEGABYTE:.0f} MB an interpreter with the same libraries; {_listed(others)}",
        "under 120 MB",
    )


def _listed(sizes: dict[str, int]) -> str:
    return ", ".join(f"{part} {size / MEGABYTE:.0f} MB" for part, size in sorted(sizes.items()))


def starting(rig: Rig) -> Row:
    """Seconds of `make up` to the first answered request. Restarts the stack, so it comes last."""
    run_stack(rig.directory, "down")
    warm = run_stack(rig.directory, "up")
    return Row(
        "`make up` to the first answered request",
        f"{warm:.1f} s warm",
        f"{rig.cold:.1f} s with an empty data directory",
        "under 20 s warm",
    )
