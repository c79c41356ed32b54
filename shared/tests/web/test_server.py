"""A real process with a real socket: what uvicorn lets through, and how it stops."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from testing.polling import eventually

Start = Callable[[float], subprocess.Popen[str]]


@pytest.fixture
def start(unused_tcp_port: int) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def run(drain: float) -> subprocess.Popen[str]:
        program = [
            sys.executable,
            str(Path(__file__).with_name("sample_server.py")),
            str(unused_tcp_port),
            str(drain),
        ]
        processes.append(subprocess.Popen(program, stdout=subprocess.PIPE, text=True))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
async def http(unused_tcp_port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}", timeout=10) as client:
        yield client


async def readiness(http: httpx.AsyncClient) -> int:
    with suppress(httpx.TransportError):
        return (await http.get("/health/ready")).status_code
    return 0


async def until_ready(http: httpx.AsyncClient) -> None:
    await eventually(lambda: readiness(http), until=lambda status: status == 200, within=20)


async def test_while_draining_it_is_not_ready_but_still_answers(
    start: Start, http: httpx.AsyncClient
) -> None:
    process = start(20)
    await until_ready(http)
    slow = asyncio.create_task(http.get("/slow"))
    await http.get("/arrived")
    process.send_signal(signal.SIGTERM)
    await eventually(lambda: readiness(http), until=lambda status: status == 503)
    answer = await http.get("/go-on")
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    assert (await slow).json() == "done"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


async def test_requests_under_way_finish_after_the_port_is_closed(
    start: Start, http: httpx.AsyncClient
) -> None:
    process = start(0)
    await until_ready(http)
    slow = asyncio.create_task(http.get("/slow"))
    await http.get("/arrived")
    await http.get("/go-on?after=1")
    process.send_signal(signal.SIGTERM)
    await eventually(lambda: readiness(http), until=lambda status: status == 0)
    assert not slow.done()
    assert (await slow).json() == "done"
    assert process.wait(timeout=20) == 0


async def test_every_line_on_stdout_is_json(start: Start, http: httpx.AsyncClient) -> None:
    process = start(0)
    await until_ready(http)
    await http.get("/nowhere?password=hunter22")
    process.send_signal(signal.SIGTERM)
    output, _ = await asyncio.to_thread(process.communicate, timeout=20)
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["status"] for line in lines if line["logger"] == "access"] == [404]
    assert "hunter22" not in output


async def test_a_taken_port_is_a_failure_that_is_told(start: Start, http: httpx.AsyncClient) -> None:
    start(0)
    await until_ready(http)
    second = start(0)
    output, _ = await asyncio.to_thread(second.communicate, timeout=20)
    assert second.returncode > 0
    assert "address already in use" in output


WRONG_REQUESTS = [
    b"GET /slow%00 HTTP/1.1",
    b"GET /\xff\xfe HTTP/1.1",
    b"GET /%ff HTTP/1.1",
    b"GET /nowhere?q=\xff HTTP/1.1",
    b"GET /nowhere?q=%00 HTTP/1.1",
    b"BREW /slow HTTP/1.1",
    b"GET /nowhere HTTP/1.1\r\nX-Note: a\x00b",
    b"GET /nowhere HTTP/1.1\r\nX-Request-ID: \xff\xfe",
    b"POST /nowhere HTTP/1.1\r\nContent-Length: 99999999999",
    b"POST /nowhere HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense",
]


async def test_raw_requests_that_are_wrong_are_a_4xx(
    start: Start, http: httpx.AsyncClient, unused_tcp_port: int
) -> None:
    start(0)
    await until_ready(http)
    replies: dict[bytes, bytes] = {}
    for request in WRONG_REQUESTS:
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(request + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        replies[request] = await asyncio.wait_for(reader.read(), timeout=10)
        writer.close()
        await writer.wait_closed()
    assert [request for request, reply in replies.items() if not reply.startswith(b"HTTP/1.1 4")] == []
