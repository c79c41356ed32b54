"""A collector: takes spans over OTLP/HTTP as the protobuf that they are sent as. It can hang, and refuse."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

KINDS = {number: name.removeprefix("SPAN_KIND_").lower() for name, number in Span.SpanKind.items()}


@dataclass(frozen=True)
class Received:
    """One span, with its ids in hex and its times in nanoseconds."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    start: int
    end: int
    failed: bool
    attributes: dict[str, Any]


class Collector:
    """Listens on `port` of 127.0.0.1 while it is entered."""

    def __init__(self, port: int = 0) -> None:
        self.spans: list[Received] = []
        self.requests = 0
        self.status = 200
        """What the next requests are answered."""
        self.hanging = threading.Event()
        """Set, a request gets no answer until it is cleared."""
        self._resumed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False

    @property
    def url(self) -> str:
        """Its address, without the path of a signal."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def trace(self, trace_id: str) -> list[Received]:
        """The spans of one trace so far."""
        return [span for span in self.spans if span.trace_id == trace_id]

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """While inside, nobody gets an answer."""
        self._resumed.clear()
        self.hanging.set()
        try:
            yield
        finally:
            self.hanging.clear()
            self._resumed.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._resumed.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = b"".join(self._chunks())
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.take(self.path, body)
                self.send_response(collector.status)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def _chunks(self) -> Iterator[bytes]:
                """The body: of a stated length, as the SDK sends it, or in chunks, as Envoy does."""
                if "Content-Length" in self.headers:
                    yield self.rfile.read(int(self.headers["Content-Length"]))
                    return
                while size := int(self.rfile.readline(), 16):
                    yield self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                """Nothing: the tests look at what arrived."""

        return Handler

    def take(self, path: str, body: bytes) -> None:
        """One request arrives."""
        self.requests += 1
        if self.hanging.is_set():
            self._resumed.wait(60)
            return
        if self.status == 200 and path == "/v1/traces":
            self.spans += spans_of(ExportTraceServiceRequest.FromString(body))


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Received]:
    """The spans of one request."""
    for resource in request.resource_spans:
        service = _attributes(resource.resource.attributes).get("service.name", "")
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Received(
                    service=service,
                    name=span.name,
                    kind=KINDS[span.kind],
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    start=span.start_time_unix_nano,
                    end=span.end_time_unix_nano,
                    failed=span.status.code == 2,
                    attributes=_attributes(span.attributes),
                )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """By name; what is neither text nor a number is left out."""
    found = {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in pairs
    }
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}
