"""Sends spans to a collector over OTLP/HTTP, by OpenTelemetry's SDK: in a thread, many at once, never waited for.

What the collector does not take is counted and gone. It is logged when that begins and when it is over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Final

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from prometheus_client import Counter

from shared.observability.context import Context
from shared.spans import Attributes

logger = logging.getLogger(__name__)

QUEUE: Final = 2048
"""Spans that wait; more are dropped."""
BATCH: Final = 256
EVERY_MS: Final = 1000
TIMEOUT_SECONDS: Final = 2.0
"""For one batch, the SDK's own retries included."""
_SDK: Final = (OTLPSpanExporter.__module__, "opentelemetry.sdk._shared_internal")
"""The loggers that speak of every batch."""
_KINDS: Final = {kind.name.lower(): kind for kind in SpanKind}
_FAILED: Final = Status(StatusCode.ERROR)
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)

spans_total = Counter(
    "trace_spans",
    "Spans by what became of them: exported, failed (the collector did not take them), dropped (too many waited).",
    ["outcome"],
)
_count = {outcome: spans_total.labels(outcome) for outcome in ("exported", "failed", "dropped")}


class SpanSender:
    """Of one process."""

    def __init__(self, service: str, endpoint: str) -> None:
        self._ids = _GivenIds()
        self._exporter = _Exporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,  # who calls `send` has decided
            resource=Resource.create({"service.name": service, "service.namespace": "softfactory"}),
            id_generator=self._ids,
            shutdown_on_exit=False,  # it would wait for half a minute
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter,
                max_queue_size=QUEUE,
                schedule_delay_millis=EVERY_MS,
                max_export_batch_size=BATCH,
            )
        )
        self._tracer = self._provider.get_tracer("softfactory")
        self._sent = 0

    def send(
        self,
        context: Context,
        name: str,
        kind: str,
        start: int,
        end: int,
        attributes: Attributes,
        *,
        failed: bool,
    ) -> None:
        """Queue the span that `context` stands for, times in nanoseconds since 1970. Not for several threads."""
        if self._sent - self._exporter.taken >= QUEUE:
            _count["dropped"].inc()
            return
        self._sent += 1
        self._ids.use(context)
        parent = set_span_in_context(NonRecordingSpan(_parent(context)))
        span = self._tracer.start_span(name, parent, _KINDS[kind], attributes, start_time=start)
        if failed:
            span.set_status(_FAILED)
        span.end(end)

    def close(self, *, within: float) -> None:
        """Send what waits, as far as that is done in so many seconds."""
        closing = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        closing.start()
        closing.join(within)


def _parent(context: Context) -> SpanContext:
    if context.parent_id is None:
        return INVALID_SPAN_CONTEXT
    trace_id, span_id = int(context.trace_id, 16), int(context.parent_id, 16)
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=_SAMPLED)


class _GivenIds(IdGenerator):
    """The ids that a span has in logs and in other services, before the SDK knows of it."""

    def __init__(self) -> None:
        self._trace_id = self._span_id = 1

    def use(self, context: Context) -> None:
        self._trace_id, self._span_id = int(context.trace_id, 16), int(context.span_id, 16)

    def generate_trace_id(self) -> int:
        return self._trace_id

    def generate_span_id(self) -> int:
        return self._span_id


class _Exporter(SpanExporter):
    """The SDK's exporter, watched: how many spans it has taken, and whether they arrive."""

    def __init__(self, endpoint: str) -> None:
        self.taken = 0
        self._endpoint = endpoint
        self._exporter = OTLPSpanExporter(endpoint, timeout=TIMEOUT_SECONDS, compression=Compression.Gzip)
        self._lost = 0
        for name in _SDK:
            logging.getLogger(name).addFilter(_last_words)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.taken += len(spans)
        result = self._exporter.export(spans)
        (self._arrived if result is SpanExportResult.SUCCESS else self._failed)(len(spans))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _arrived(self, count: int) -> None:
        _count["exported"].inc(count)
        if self._lost:
            logger.info("traces: the collector takes spans again; %s were lost", self._lost)
            self._lost = 0

    def _failed(self, count: int) -> None:
        _count["failed"].inc(count)
        if not self._lost:
            logger.warning(
                "traces: %s takes no spans, so they are lost: %s", self._endpoint, _last_words.text
            )
        self._lost += count


class _LastWords(logging.Filter):
    """Keeps what the SDK says of each failed batch, which nobody wants to read each time."""

    text = "no reason was given"

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            self.text = record.getMessage()
        return False


_last_words = _LastWords()
