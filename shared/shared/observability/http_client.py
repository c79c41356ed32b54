"""The client of all calls to other servers: `ObservedClient` times each, by whom it asks and how that ended."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Final

import httpx
from prometheus_client import Histogram

from shared.labelled import Labelled
from shared.observability import context as contexts
from shared.observability import tracing

TARGET: Final = "target"
"""Of a request's `extensions`: whom it asks, where a client asks several."""

request_seconds = Histogram(
    "http_client_request_duration_seconds",
    "Time of an outgoing call, until its answer begins or, where it is read at once, until that ends.",
    ["target", "outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_seconds_of = Labelled(request_seconds, at_most=200)


class ObservedClient(httpx.AsyncClient):
    """httpx's client. `target` is a word of ours for the other side, such as `stripe`: never a host's name. With
    `passes_ids`, for services of ours alone, each call carries the ids of the request that it is made for."""

    def __init__(self, target: str, *, passes_ids: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._target = target
        self._passes_ids = passes_ids

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """The answer, redirects followed where that was asked for."""
        started, outcome = perf_counter(), "error"
        context = contexts.current.get()
        child = context.child() if context is not None and context.recorded else context
        if child is not None and self._passes_ids:
            request.headers["X-Request-ID"] = child.request_id
            request.headers["traceparent"] = child.traceparent
        try:
            answer = await super().send(request, **options)
            outcome = f"{answer.status_code // 100}xx"
            return answer
        finally:
            target, seconds = request.extensions.get(TARGET, self._target), perf_counter() - started
            _seconds_of(target, outcome).observe(seconds)
            if child is not None and child.recorded:
                told = {"http.request.method": request.method, "peer.service": target, "outcome": outcome}
                failed = outcome in ("error", "5xx")
                tracing.called(child, f"{request.method} {target}", seconds, told, failed=failed)
