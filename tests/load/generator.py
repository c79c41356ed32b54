"""A load generator for one machine: HTTP/1.1, keep-alive connections, requests built before the clock starts.

On a small machine it shares the cores with what it measures, so it is a bare asyncio protocol; what it costs
a request is paid by the thing measured and by the limit beside it alike.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools


@dataclass
class Result:
    """What a run saw. `seconds` is the wall time of the run."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Of all answers, in seconds."""
    served: list[float] = field(default_factory=list)
    """Of those below 400 alone."""
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second, whatever their status."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def errors(self) -> int:
        """Connections lost in mid-answer, and answers of 500 and above."""
        return self.broken + sum(count for status, count in self.statuses.items() if status >= 500)

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that `share` (0 to 1) of the answers stayed under."""
        return percentile(self.latencies, share)


def percentile(latencies: list[float], share: float) -> float:
    """What `share` (0 to 1) of `latencies` (seconds) stays under, in milliseconds; 0 where there are none."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def request_bytes(
    method: str, url: str, *, headers: dict[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """One HTTP/1.1 request, ready for the wire."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, result: Result, idle: Callable[[Connection], None]) -> None:
        self._result = result
        self._idle = idle
        self._transport: asyncio.Transport | None = None
        self._due = 0.0
        self._waiting = False
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes, due: float) -> None:
        """Send one request; its latency counts from `due`, so that a late start is not hidden."""
        assert self._transport is not None
        self._due = due
        self._waiting = True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        status, latency = self._parser.get_status_code(), time.perf_counter() - self._due
        self._result.latencies.append(latency)
        if status < 400:
            self._result.served.append(latency)
        self._result.statuses[status] += 1
        self._waiting = False
        # A parser reads one message: a fresh one costs less than a microsecond.
        self._parser = httptools.HttpResponseParser(self)
        self._idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting:
            self._result.broken += 1
        self._transport = None

    def close(self) -> None:
        """Close without counting a request under way as broken."""
        self._waiting = False
        if self._transport is not None:
            self._transport.close()


async def _connect(
    url: str, connections: int, result: Result, idle: Callable[[Connection], None]
) -> list[Connection]:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Connection(result, idle), parts.hostname or "", parts.port or 80)
        for _ in range(connections)
    ]
    return [protocol for _, protocol in opened]


async def closed_loop(url: str, requests: Iterator[bytes], *, connections: int, seconds: float) -> Result:
    """As fast as `connections` allow: each sends its next request when its answer is in."""
    result = Result()
    started = time.perf_counter()
    until = started + seconds

    def following(connection: Connection) -> None:
        now = time.perf_counter()
        if now < until:
            connection.send(next(requests), now)

    opened = await _connect(url, connections, result, following)
    started = time.perf_counter()
    until = started + seconds
    for connection in opened:
        following(connection)
    await asyncio.sleep(seconds)
    result.seconds = time.perf_counter() - started
    for connection in opened:
        connection.close()
    return result


async def open_loop(
    url: str, requests: Iterator[bytes], *, rate: float, connections: int, seconds: float
) -> Result:
    """`rate` requests a second whatever the answers take; latency counts from when a request was due."""
    result = Result()
    free: list[Connection] = []
    backlog: deque[float] = deque()

    def idle(connection: Connection) -> None:
        if backlog:
            connection.send(next(requests), backlog.popleft())
        else:
            free.append(connection)

    opened = await _connect(url, connections, result, idle)
    free.extend(opened)
    started = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = started + number / rate
        if (wait := due - time.perf_counter()) > 0.001:
            await asyncio.sleep(wait)
        if free:
            free.pop().send(next(requests), min(due, time.perf_counter()))
        else:
            backlog.append(due)
    await _settle(result, expected=int(rate * seconds), limit=10.0)
    result.seconds = time.perf_counter() - started
    for connection in opened:
        connection.close()
    return result


async def _settle(result: Result, *, expected: int, limit: float) -> None:
    until = time.perf_counter() + limit
    while len(result.latencies) + result.broken < expected and time.perf_counter() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    result.broken += max(0, expected - len(result.latencies) - result.broken)
