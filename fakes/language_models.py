"""A fake model provider: a real HTTP server that speaks Anthropic's and OpenAI's protocols, and misbehaves on order."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from testing.serving import bound_socket, serving

KEY = "sk-test-of-nobody-4711"
REASONER = "a-reasoning-model"
"""As OpenAI's reasoning models, refuses the old name of the output's limit."""


@dataclass
class Answer:
    """How to answer one call. `text` is what the model writes; any `status` but 200 is an error instead."""

    text: str = "{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    before: float = 0.0
    """Seconds of silence before anything comes."""
    pause: float = 0.0
    """Seconds between two pieces."""
    cut: bool = False
    """Ends in the middle, as a provider does that breaks."""
    stalls: bool = False
    """Says nothing more after the middle, until the caller hangs up."""
    broken: bool = False
    """Ends in the middle with an error event."""
    garbage: bool = False
    """An event that is no JSON."""
    stop: str | None = None
    """Why the model stopped, in the protocol's own word, where that is not that it was done."""
    usage: bool = True
    """Whether the tokens are counted at the end."""
    raw: tuple[bytes, ...] = ()
    """What is sent in place of events, piece by piece and byte for byte."""
    content_type: str = "text/event-stream"
    code: Any = None
    """The error's own, where OpenAI's is not the usual one."""


class ModelsServer:
    """What was asked of it, and what it is to answer: the orders in their turn, then `usual`."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.orders: deque[Answer] = deque()
        self.usual = Answer()
        self.app = Starlette(
            routes=[
                Route("/v1/messages", self._anthropic, methods=["POST"]),
                Route("/v1/chat/completions", self._openai, methods=["POST"]),
            ]
        )

    def reset(self) -> None:
        self.calls.clear()
        self.headers.clear()
        self.orders.clear()
        self.usual = Answer()

    def order(self, *answers: Answer) -> None:
        self.orders.extend(answers)

    async def _anthropic(self, request: Request) -> Response:
        answer = await self._take(request)
        if request.headers.get("x-api-key") != KEY:
            message = f"invalid x-api-key: {request.headers.get('x-api-key')}"
            return JSONResponse({"error": {"type": "authentication_error", "message": message}}, 401)
        if answer.status != 200:
            kind = "rate_limit_error" if answer.status == 429 else "api_error"
            body = {"type": "error", "error": {"type": kind, "message": f"you sent {KEY}"}}
            return JSONResponse(body, answer.status, answer.headers)
        return _stream(answer, _anthropic_events(answer))

    async def _openai(self, request: Request) -> Response:
        answer = await self._take(request)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            message = f"Incorrect API key provided: {request.headers.get('authorization')}"
            return JSONResponse({"error": {"code": "invalid_api_key", "message": message}}, 401)
        if answer.status != 200:
            code = answer.code or ("rate_limit_exceeded" if answer.status == 429 else "server_error")
            body = {"error": {"code": code, "type": "x", "message": f"you sent {KEY}"}}
            return JSONResponse(body, answer.status, answer.headers)
        if "max_tokens" in self.calls[-1] and self.calls[-1]["model"] == REASONER:
            message = "Unsupported parameter: 'max_tokens' is not supported with this model."
            error = {"message": message, "type": "invalid_request_error", "param": "max_tokens"}
            return JSONResponse({"error": {**error, "code": "unsupported_parameter"}}, 400)
        return _stream(answer, _openai_events(answer))

    async def _take(self, request: Request) -> Answer:
        self.calls.append(await request.json())
        self.headers.append(dict(request.headers))
        answer = self.orders.popleft() if self.orders else self.usual
        await asyncio.sleep(answer.before)
        return answer


class _CutOff(Exception):
    """Breaks the connection."""


def _stream(answer: Answer, events: list[str]) -> Response:
    chunks = list(answer.raw) or [event.encode() for event in events]

    async def pieces() -> AsyncIterator[bytes]:
        half = len(chunks) // 2
        for number, chunk in enumerate(chunks):
            if answer.cut and number == half:
                raise _CutOff
            if answer.stalls and number == half:
                await asyncio.Event().wait()
            yield chunk
            await asyncio.sleep(answer.pause)

    return StreamingResponse(pieces(), media_type=answer.content_type)


def _split(text: str) -> list[str]:
    size = max(1, len(text) // 5)
    return [text[start : start + size] for start in range(0, len(text), size)]


def _anthropic_events(answer: Answer) -> list[str]:
    usage = {"input_tokens": 120, "output_tokens": 1} if answer.usage else {}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg_1", "role": "assistant", "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "input": {}}},
        {"type": "ping"},
    ]
    for piece in _split(answer.text):
        delta = {"type": "input_json_delta", "partial_json": piece}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    if answer.broken:
        events.append({"type": "error", "error": {"type": "overloaded_error", "message": f"{KEY} is busy"}})
    else:
        delta = {"stop_reason": answer.stop or "tool_use"}
        ended: dict[str, Any] = {"type": "message_delta", "delta": delta}
        ended |= {"usage": {"output_tokens": 45}} if answer.usage else {}
        events += [{"type": "content_block_stop", "index": 0}, ended, {"type": "message_stop"}]
    lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
    return [*lines[:2], "data: {nonsense\n\n", *lines[2:]] if answer.garbage else lines


def _openai_events(answer: Answer) -> list[str]:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": None}

    events: list[dict[str, Any]] = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"content": piece}) for piece in _split(answer.text)]
    if answer.broken:
        events.append({"error": {"type": "server_error", "code": None, "message": f"{KEY} broke"}})
    else:
        events.append(chunk({}, answer.stop or "stop"))
        if answer.usage:
            events.append({"choices": [], "usage": {"prompt_tokens": 120, "completion_tokens": 45}})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    lines += [] if answer.broken else ["data: [DONE]\n\n"]
    return [*lines[:1], "data: {nonsense\n\n", *lines[1:]] if answer.garbage else lines


@contextmanager
def running_models() -> Iterator[ModelsServer]:
    """Runs the server while inside."""
    server = ModelsServer()
    with bound_socket() as listener, serving(server.app, listener) as url:
        server.url = url
        yield server
