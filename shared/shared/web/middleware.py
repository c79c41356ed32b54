"""The one middleware: what happens to every request before and after the app.

Ids, the size and the text of path, query and headers, the body limit, the deadline, answers to errors, the access log
and the metrics. One pure ASGI class, because each layer costs every request.
"""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from types import SimpleNamespace
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.admission import AdmissionQueue, Overloaded, release_permit
from shared.admission import current as current_permit
from shared.errors import BadRequest, DeadlineExceeded, FieldError, ServiceError
from shared.observability import context as contexts
from shared.observability import tracing
from shared.observability.metrics import RequestMetrics, in_flight
from shared.settings import ServiceSettings
from shared.web import access_log
from shared.web.access_log import find_client_ip
from shared.web.answers import route_template
from shared.web.body import BodyReader, too_large
from shared.web.deps import can_be_retried
from shared.web.failures import OverloadAnswer, answer_to
from shared.web.problems import of_service_error
from shared.web.request_checks import leave_out_empty, oversized, unusable_headers, unusable_text
from shared.web.response_cache import ResponseCache

logger = logging.getLogger(__name__)
CLIENT_GONE = 499
"""Logged, never sent: the client hung up before the answer."""
_WANTED = frozenset({b"x-request-id", b"traceparent", b"content-length", b"transfer-encoding"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_EVENTS = b"text/event-stream"
_QUIET = ("/health", "/metrics")
_REFUSED = SimpleNamespace(path="refused")
"""Stands for the route of what was refused before anybody looked which one it is."""


class RequestTimeout(ServiceError):
    """The request took too long to arrive."""

    status = 408


class Exchange:
    """One request and its outcome; is the ASGI `send` of the app below."""

    __slots__ = ("_request_id", "_send", "closing", "deadline", "status", "stream_began")

    def __init__(self, send: Send, request_id: str, *, closing: bool) -> None:
        self._send = send
        self._request_id = request_id.encode("ascii")
        self.closing = closing
        self.status = 0
        """Of the reply; 0 while none has started."""
        self.stream_began: float | None = None
        """When a stream of events began, which goes on for as long as somebody listens."""
        self.deadline: asyncio.Timeout | None = None
        """Lifted once a stream of events has begun: that ends when it is over."""

    async def __call__(self, message: Message) -> None:
        """Passes the reply on, with the request's id. What does not say that it may be kept is kept by nobody."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), (b"x-request-id", self._request_id)]
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            if self.closing:
                headers.append((b"connection", b"close"))
            if self.deadline is not None and (b"content-type", _EVENTS) in map(_media_type, headers):
                self.stream_began = perf_counter()
                self.deadline.reschedule(None)
                release_permit()  # it may go on for hours
            message = {**message, "headers": headers}
        await self._send(message)


class RequestMiddleware:
    """Wraps the app of one service."""

    def __init__(
        self, app: ASGIApp, *, settings: ServiceSettings, service: str, response_cache: ResponseCache
    ) -> None:
        self._app = app
        self._response_cache = response_cache
        self._service = service
        self._timeout = settings.request_timeout_seconds
        self._max_body = settings.max_body_bytes
        self._hops = settings.trusted_hops
        self._metrics = RequestMetrics()
        self._admission = AdmissionQueue(permits=settings.concurrency_limit)
        self._refusal = OverloadAnswer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; lifespan passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        leave_out_empty(scope)
        if self._admission.is_full() and self._may_be_refused(scope):
            self._admission.count_refusal()
            self._metrics.observe(_method(scope), _REFUSED.path, Overloaded.status, 0.0)
            await self._refusal(scope, send)
            return
        started = perf_counter()
        headers = {name: value for name, value in scope["headers"] if name in _WANTED}
        context = _context(headers)
        if context.recorded and scope["path"].startswith(_QUIET):
            context.recorded = False
        token = contexts.current.set(context)
        exchange = Exchange(send, context.request_id, closing=_is_draining(scope))
        in_flight.inc()
        try:
            await self._answer(scope, receive, exchange, headers)
        finally:
            in_flight.dec()
            self._record(scope, context, exchange, started)
            contexts.current.reset(token)

    def _may_be_refused(self, scope: Scope) -> bool:
        return not scope["path"].startswith(_QUIET) and self._response_cache.answer(scope) is None

    async def _answer(
        self, scope: Scope, receive: Receive, exchange: Exchange, headers: dict[bytes, bytes]
    ) -> None:
        cached = self._response_cache.answer(scope)
        if cached is not None:
            await cached(scope, receive, exchange)
            return
        refused = (
            oversized(scope) or unusable_text(scope) or unusable_headers(scope) or self._too_large(headers)
        )
        if refused is not None:
            await of_service_error(refused)(scope, receive, exchange)
            return
        body = BodyReader(scope, receive, limit=self._max_body)
        try:
            async with asyncio.timeout(self._timeout) as deadline:
                exchange.deadline = deadline
                await self._admit(scope, body, exchange, headers)
        except ClientDisconnect:
            return
        except Overloaded as refusal:
            scope["route"] = _REFUSED
            await of_service_error(refusal)(scope, receive, exchange)
        except Exception as error:
            if exchange.status:  # half a reply cannot be taken back: the server cuts the connection
                raise
            if isinstance(error, TimeoutError) and deadline.expired():
                late: ServiceError = RequestTimeout() if body.reading else DeadlineExceeded()
                await of_service_error(late)(scope, receive, exchange)
            else:
                await answer_to(error)(scope, receive, exchange)

    async def _admit(
        self, scope: Scope, body: BodyReader, exchange: Exchange, headers: dict[bytes, bytes]
    ) -> None:
        """Passes the request to the app once there is a permit for it. Raises Overloaded if none is free in time."""
        if scope["path"].startswith(_QUIET):
            await self._app(scope, body, exchange)
            return
        if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
            await body.read()  # before, so that slow clients keep no permit from others
        permit = self._admission.take() or await self._admission.wait()
        token = current_permit.set(permit)
        try:
            await self._run(scope, body, exchange)
        finally:
            current_permit.reset(token)
            permit.release()

    async def _run(self, scope: Scope, body: BodyReader, exchange: Exchange) -> None:
        """Once more where the database undid all that the request did."""
        try:
            await self._app(scope, body, exchange)
            return
        except Exception as error:
            if exchange.status or not can_be_retried(scope, error):
                raise
            reason = str(error).partition("\n")[0]
            logger.warning("the request is retried: %s: %s", type(error).__name__, reason)
        body.rewind()
        await self._app(scope, body, exchange)

    def _too_large(self, headers: dict[bytes, bytes]) -> ServiceError | None:
        length = headers.get(b"content-length")
        if length is None:
            return None
        if not length.isdigit():
            return BadRequest(errors=(FieldError("Content-Length", "Not a number"),))
        return too_large(self._max_body) if len(length) > 18 or int(length) > self._max_body else None

    def _record(self, scope: Scope, context: contexts.Context, exchange: Exchange, started: float) -> None:
        method, status = _method(scope), exchange.status or CLIENT_GONE
        route = route_template(scope)
        seconds = (ended := perf_counter()) - started
        answered = (exchange.stream_began or ended) - started  # listening for long is not waiting for long
        self._metrics.observe(method, route, status, answered, context.trace_id if context.recorded else None)
        path = scope["path"]
        if route == _REFUSED.path:
            return
        is_quiet = path.startswith(_QUIET)
        if tracing.is_on() and not is_quiet:
            tracing.request_ended(
                context,
                method=method,
                route=route,
                status=status,
                seconds=seconds,
                streamed=exchange.stream_began is not None,
            )
        if access_log.logger.isEnabledFor(logging.INFO) and (status >= 400 or not is_quiet):
            access_log.write(
                self._service,
                context,
                method=method,
                route=route,
                path=path,
                status=status,
                seconds=seconds,
                client=find_client_ip(scope, self._hops),
            )


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "OTHER"


def _context(headers: dict[bytes, bytes]) -> contexts.Context:
    given = headers.get(b"x-request-id", b"")
    request_id = given.decode("ascii") if contexts.REQUEST_ID.fullmatch(given) else None
    return contexts.start(
        request_id=request_id, traceparent=headers.get(b"traceparent", b"").decode("latin-1")
    )


def _media_type(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    return header[0], header[1].partition(b";")[0]


def _is_draining(scope: Scope) -> bool:
    runtime: Any = getattr(scope["app"].state, "runtime", None)
    return runtime is not None and runtime.draining
