"""The worker's small HTTP server: health and metrics, nothing else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import uvicorn
from starlette.applications import Starlette

from shared.runtime import Runtime
from shared.web.health import add_health


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
