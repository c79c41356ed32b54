"""The ids of the current work: they appear in every log line and are passed to other services.

One context variable holds a small mutable record, because one `set` per request is cheaper than four.

Whether a trace is recorded is decided where it begins: behind the gateway that is the gateway, and a flag of the
traceparent says so. What begins here, such as a schedule, is recorded at random in the share that `sampling` says.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, replace
from random import getrandbits

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
"""A request id that a client may choose: nothing that could forge a log line."""
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16
_SAMPLED = "13579bdf"
"""The last digit of flags of which the lowest bit is set."""


@dataclass(slots=True)
class Context:
    """The ids of one request or one message."""

    request_id: str
    trace_id: str
    """32 hex digits, W3C trace context."""
    span_id: str
    """16 hex digits; this process's own part of the trace."""
    flags: str = "00"
    user_id: int | None = None
    parent_id: str | None = None
    """The span that this one is part of; None where the trace begins."""
    recorded: bool = False
    """Whether spans of it are sent. Whoever could send one looks at this first: nearly always it is not."""

    @property
    def traceparent(self) -> str:
        """The header that continues this trace elsewhere."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    def child(self) -> Context:
        """A span inside of this one, for what may be going on beside others."""
        span = f"{getrandbits(64):016x}"
        return replace(self, span_id=span, parent_id=self.span_id)


@dataclass(slots=True)
class Sampling:
    """Whether spans are sent from this process; a new trace is recorded if the last 64 bits of its id are below
    `bound`, as OpenTelemetry's own sampler by ratio has it."""

    on: bool = False
    bound: int = 0


sampling = Sampling()

current: ContextVar[Context | None] = ContextVar("softfactory_context", default=None)


def start(*, request_id: str | None = None, traceparent: str | None = None) -> Context:
    """A new context that continues `traceparent`, or starts a trace where that is missing or malformed.

    The caller does `token = current.set(context)` and resets it.
    """
    random = (
        f"{getrandbits(192):048x}"  # to be told apart, not to be unguessable: a tenth of what urandom costs
    )
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None or not _acceptable(match):
        trace = random[:32]
        recorded = sampling.bound > 0 and int(trace[16:], 16) < sampling.bound
        return Context(request_id or trace, trace, random[32:], "01" if recorded else "00", recorded=recorded)
    recorded = sampling.on and match[4][1] in _SAMPLED
    return Context(
        request_id or random[:32], match[2], random[32:], match[4], parent_id=match[3], recorded=recorded
    )


def request_id() -> str | None:
    """The id of the request being answered."""
    context = current.get()
    return context.request_id if context else None


def trace_id() -> str | None:
    """The trace that this work belongs to."""
    context = current.get()
    return context.trace_id if context else None


def traceparent() -> str | None:
    """The W3C header value that continues this trace, for outgoing calls and events."""
    context = current.get()
    return context.traceparent if context else None


def set_user(user_id: int) -> None:
    """Say who is calling, for the log; nothing outside of a request."""
    context = current.get()
    if context is not None:
        context.user_id = user_id


def _acceptable(match: re.Match[str]) -> bool:
    version, trace, span, rest = match[1], match[2], match[3], match[5]
    return version != "ff" and trace != _NO_TRACE and span != _NO_SPAN and (version != "00" or rest is None)
