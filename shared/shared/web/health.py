"""What the platform that runs us asks: alive, ready, and the metrics; and the worker's small server for it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from shared.observability.exposition import Expositions
from shared.runtime import Runtime
from shared.schemas.json import JSONBytes
from shared.web.problems import problem

logger = logging.getLogger(__name__)
READY_TIMEOUT = 2.0
STOPPING = "The process is stopping."
expositions = Expositions()
"""Of the process, as its metrics are."""


async def health(_request: Request) -> Response:
    """What today's clients ask."""
    return JSONBytes({"status": "ok"})


async def live(_request: Request) -> Response:
    """Whether the process answers at all; asks nothing of anything else, or one slow database restarts them all."""
    return JSONBytes({"status": "alive"})


async def serving(request: Request) -> Response:
    """Whether the gateway should send requests here: not while stopping. Asks nothing of the database: without it every
    instance would be taken out at once, with all that they could still answer from their caches."""
    stopping = cast("Runtime", request.app.state.runtime).draining
    return problem(503, "not_serving", STOPPING) if stopping else JSONBytes({"status": "serving"})


async def ready(request: Request) -> Response:
    """Whether all that it needs is there: not while stopping, and not without the database. Redis may be down."""
    reason = await not_ready(cast("Runtime", request.app.state.runtime))
    return JSONBytes({"status": "ready"}) if reason is None else problem(503, "not_ready", reason)


async def metrics(request: Request) -> Response:
    """What Prometheus scrapes."""
    exposition = expositions.give(request.headers.get("accept", ""))
    return Response(exposition.content, headers={"Content-Type": exposition.media_type})


async def not_ready(runtime: Runtime) -> str | None:
    """Why this process should get no requests; None if it should."""
    if runtime.draining:
        return STOPPING
    try:
        async with asyncio.timeout(READY_TIMEOUT):
            await runtime.database.ping()
    except Exception as error:  # whatever it is: without the database there is nothing to answer with
        logger.warning("not ready: %s", error)
        return "The database does not answer."
    return None


class _NamedRoute(Route):
    """Counted and logged by its path, as an endpoint's is: Starlette's own route leaves no trace of itself."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            child_scope["route"] = self
        return match, child_scope


def add_health(app: Starlette) -> None:
    """Add the addresses."""
    for path, endpoint in (
        ("/health", health),
        ("/health/live", live),
        ("/health/serving", serving),
        ("/health/ready", ready),
        ("/metrics", metrics),
    ):
        app.router.routes.append(_NamedRoute(path, endpoint, methods=["GET"], include_in_schema=False))


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the worker's; it stops this server last."""
        yield


class HealthServer:
    """`async with HealthServer(runtime)`: answers on HOST and WORKER_PORT while inside. Raises OSError."""

    def __init__(self, runtime: Runtime) -> None:
        app = Starlette()  # FastAPI would cost every worker a fifth of its start, and 20 MB
        app.state.runtime = runtime
        add_health(app)
        self._address = (runtime.settings.host, runtime.settings.worker_port)
        self._server = _Server(
            uvicorn.Config(
                app, http="httptools", ws="none", lifespan="off", access_log=False, log_config=None
            )
        )

    async def __aenter__(self) -> Self:
        # Bound here, since uvicorn would end the process when the port is taken.
        self._socket = socket.create_server(self._address, reuse_port=False)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="worker health")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._task
        self._socket.close()
