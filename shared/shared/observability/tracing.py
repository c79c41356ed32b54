"""Traces: spans of the requests, events and jobs that are recorded, and afterwards of those that failed or were slow.

Whether a trace is recorded is decided where it begins (`shared.observability.context`). A span is made when what it is
about has ended, so a request that is not recorded costs a look at `Context.recorded`. OpenTelemetry, of which loading
takes a third of a second, is loaded where a collector is named and nowhere else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Final

from shared import spans
from shared.observability import context as contexts
from shared.observability.context import Context
from shared.spans import Attributes

if TYPE_CHECKING:
    from shared.observability.otlp import SpanSender
    from shared.settings import ServiceSettings

CLOSE_SECONDS: Final = 1.0
KEPT: Final = "trace.kept"
"""Attribute of a span whose trace was not recorded: why this one is sent nevertheless. The collector keeps them all."""
_NANOSECONDS: Final = 1_000_000_000
_PROBABILITIES: Final = 1 << 64

_sender: SpanSender | None = None
_slow_seconds = 0.0


@contextmanager
def exporting(service: str, settings: ServiceSettings) -> Iterator[None]:
    """While inside: spans of `service` go to the collector that the settings name, if they name one."""
    if settings.otlp_endpoint is None:
        yield
        return
    from shared.observability.otlp import SpanSender

    sender = SpanSender(service, settings.otlp_endpoint)
    _start(sender, settings)
    try:
        yield
    finally:
        _stop()
        sender.close(within=CLOSE_SECONDS)


def _start(sender: SpanSender, settings: ServiceSettings) -> None:
    global _sender, _slow_seconds
    _sender, _slow_seconds = sender, settings.slow_request_seconds
    contexts.sampling.on, contexts.sampling.bound = True, round(settings.trace_ratio * _PROBABILITIES)
    spans.listener = _called


def _stop() -> None:
    global _sender
    _sender = spans.listener = None
    contexts.sampling.on, contexts.sampling.bound = False, 0


def is_on() -> bool:
    """Whether a collector is named."""
    return _sender is not None


def request_ended(
    context: Context, *, method: str, route: str, status: int, seconds: float, streamed: bool
) -> None:
    """A request was answered. One that is not recorded has a span all the same if it failed or was slow; a stream of
    events takes as long as somebody listens."""
    kept = None
    if not context.recorded:
        kept = "error" if status >= 500 else "slow" if seconds > _slow_seconds and not streamed else None
        if kept is None:
            return
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "request.id": context.request_id,
    }
    if context.user_id is not None:
        attributes["user.id"] = context.user_id
    _send(context, f"{method} {route}", "server", seconds, attributes, failed=status >= 500, kept=kept)


@contextmanager
def continued(
    traceparent: str | None,
    name: str,
    attributes: Attributes,
    *,
    unless: tuple[type[BaseException], ...] = (),
) -> Iterator[Context]:
    """Around the work that an event or a job asks for: continues the trace of whoever asked, or begins one.

    Where it fails there is a span in any case; an exception of `unless` is no failure.
    """
    context = contexts.start(traceparent=traceparent)
    token = contexts.current.set(context)
    started, failed = perf_counter(), False
    try:
        yield context
    except BaseException as error:
        failed = not isinstance(error, (*unless, asyncio.CancelledError))  # canceled when the process stops
        raise
    finally:
        contexts.current.reset(token)
        if context.recorded or failed:
            kept = None if context.recorded else "error"
            seconds = perf_counter() - started
            _send(context, name, "consumer", seconds, attributes, failed=failed, kept=kept)


@contextmanager
def handing_on(name: str, attributes: Attributes) -> Iterator[str | None]:
    """Around saving what is done later, by an event's readers or a job: the traceparent that they continue."""
    context = contexts.current.get()
    if context is None or not context.recorded:
        yield context.traceparent if context else None
        return
    child, started = context.child(), perf_counter()
    yield child.traceparent
    _send(child, name, "producer", perf_counter() - started, attributes)


def called(child: Context, name: str, seconds: float, attributes: Attributes, *, failed: bool) -> None:
    """A call to another server ended that took `child` with it."""
    _send(child, name, "client", seconds, attributes, failed=failed)


def _called(name: str, seconds: float, attributes: Attributes, failed: bool) -> None:
    context = contexts.current.get()
    if context is not None and context.recorded:
        _send(context.child(), name, "client", seconds, attributes, failed=failed)


def _send(
    context: Context,
    name: str,
    kind: str,
    seconds: float,
    attributes: Attributes,
    *,
    failed: bool = False,
    kept: str | None = None,
) -> None:
    """A span that ends now."""
    if _sender is None:
        return
    end = time.time_ns()
    if kept is not None:
        attributes = {**attributes, KEPT: kept}
    _sender.send(context, name, kind, end - round(seconds * _NANOSECONDS), end, attributes, failed=failed)
