"""One line of JSON for each answered request."""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

from starlette.types import Scope

from shared.observability.context import Context
from shared.observability.logging import as_line

MAX_PATH: Final = 200
FLUSH_SECONDS: Final = 0.05
MAX_LINES: Final = 500
logger = logging.getLogger("access")
_lines: list[str] = []


def write(
    service: str,
    context: Context,
    *,
    method: str,
    route: str,
    path: str,
    status: int,
    seconds: float,
    client: str,
) -> None:
    """Write the line. It contains the path but never the query, whose values may be secret.

    Straight to stdout: logging's own way costs five times as much. And many lines at once, within 50 ms, because each
    write also wakes the process that collects them. The level of the logger `access` still applies.
    """
    fields: dict[str, Any] = {
        "time": datetime.now(UTC),
        "level": "INFO",
        "service": service,
        "logger": "access",
        "request_id": context.request_id,
        "trace_id": context.trace_id,
        "method": method,
        "route": route,
        "path": path[:MAX_PATH],
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
        "client": client,
    }
    if context.user_id is not None:
        fields["user_id"] = context.user_id
    _lines.append(as_line(fields))
    if len(_lines) == 1:
        asyncio.get_running_loop().call_later(FLUSH_SECONDS, flush)
    elif len(_lines) >= MAX_LINES:
        flush()


def flush() -> None:
    """Hand over what was written so far."""
    if not _lines:
        return
    text = "\n".join(_lines) + "\n"
    _lines.clear()
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:  # nobody reads the log any more; that must not fail requests
        return


atexit.register(flush)


def find_client_ip(scope: Scope, trusted_hops: int) -> str:
    """The entry of X-Forwarded-For that the outermost of our proxies wrote; what clients put before it is ignored."""
    peer = scope["client"][0] if scope.get("client") else "unknown"
    if trusted_hops == 0:
        return peer
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    addresses = [part.strip() for part in forwarded.decode("latin-1").split(",") if part.strip()]
    if not addresses:
        return peer
    return addresses[max(0, len(addresses) - trusted_hops)]
