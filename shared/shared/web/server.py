"""Serves a service's app with uvicorn, and stops without dropping a request."""

from __future__ import annotations

import signal
from time import monotonic
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI

from shared.process import freeze_garbage_collector
from shared.runtime import Runtime
from shared.settings import ServiceSettings

KEEP_ALIVE_SECONDS = 75
"""Longer than the gateway keeps its idle connections, so that it never writes into one that we just closed."""
GRACE_SECONDS = 5


class DrainingServer(uvicorn.Server):
    """On SIGTERM: /health/ready says no, requests are accepted for DRAIN_SECONDS, then the port closes and the rest
    finishes.

    SIGINT, from a keyboard, skips the wait; a second signal stops at once.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_seconds: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_seconds = drain_seconds
        self._stop_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The signal handler. It does not pass the signal on afterwards as uvicorn does: a stop we did well exits 0."""
        if self._stop_at is not None:
            self.should_exit = self.force_exit = True
            return
        runtime = cast("Runtime | None", getattr(self._app.state, "runtime", None))
        if runtime is not None:
            runtime.draining = True
        self._stop_at = monotonic() + (self._drain_seconds if sig == signal.SIGTERM else 0.0)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to stop."""
        if self._stop_at is not None and monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


def serve(app: FastAPI, settings: ServiceSettings) -> bool:
    """Serve until told to stop. False if the app did not start; SystemExit if the port is taken. The log says why."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(settings.request_timeout_seconds) + GRACE_SECONDS,
    )
    freeze_garbage_collector()
    server = DrainingServer(config, app, settings.drain_seconds)
    server.run()
    return server.started
