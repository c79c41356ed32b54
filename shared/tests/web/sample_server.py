"""A process that serves one slow address: started by test_server.py with a port and the seconds of its drain."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from fastapi import APIRouter

from shared.observability import logging
from shared.service import ServiceDefinition
from shared.settings import ServiceSettings
from shared.web.app import create_app
from shared.web.server import serve


class Database:
    primary = SimpleNamespace(pool=None)

    async def ping(self) -> None: ...


def main() -> int:
    settings = ServiceSettings(
        environment="test",
        database_url="postgresql://user:word@localhost/sample",
        redis_url="redis://localhost",
        port=int(sys.argv[1]),
        worker_port=1,
        platform_url="http://platform.test",
        service_secret=cast("Any", "a-secret-of-at-least-32-characters"),
        drain_seconds=float(sys.argv[2]),
    )
    router = APIRouter()
    arrived, go_on = asyncio.Event(), asyncio.Event()

    @router.get("/slow")
    async def slow() -> str:
        arrived.set()
        await go_on.wait()
        return "done"

    @router.get("/arrived")
    async def wait_for_arrival() -> None:
        await arrived.wait()

    @router.get("/go-on")
    async def let_go_on(after: float = 0.0) -> None:
        asyncio.get_running_loop().call_later(after, go_on.set)

    logging.configure("sample", "INFO")
    definition = ServiceDefinition(
        "sample", ServiceSettings, lambda _: [router], Path(), worker=cast("Any", None)
    )
    runtime = SimpleNamespace(
        settings=settings, database=Database(), cache=SimpleNamespace(stats=dict), draining=False
    )
    return 0 if serve(create_app(definition, settings, cast("Any", runtime)), settings) else 1


if __name__ == "__main__":
    sys.exit(main())
