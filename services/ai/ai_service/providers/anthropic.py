"""Anthropic's Messages API, streamed; the reply is the input of a tool that the model has to use.

The stream: `message_start` with the input's usage, blocks of thinking, text and tool input by their index,
`message_delta` with the reason why the model stopped and its usage, `message_stop`; `ping` and `error` at any time, and
kinds that are new (https://docs.anthropic.com/en/docs/build-with-claude/streaming).
"""

from __future__ import annotations

from contextlib import aclosing
from typing import Any, Final

from ai_service.providers.errors import ProviderError
from ai_service.providers.http import ModelClient
from ai_service.providers.provider import Call, Ending, Meter, OnText, Reply

URL: Final = "https://api.anthropic.com"
VERSION: Final = "2023-06-01"
ENDINGS: Final[dict[str, Ending]] = {
    "max_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "refusal": "refused",
}
"""Of the reasons to stop; after any other the reply is as long as the model wanted it."""
_INPUTS: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class AnthropicProvider:
    """`silence` and `total` in seconds."""

    name = "anthropic"

    def __init__(self, *, url: str | None, key: str, model: str, silence: float, total: float) -> None:
        self.model = model
        headers = {"x-api-key": key, "anthropic-version": VERSION}
        address = f"{(url or URL).rstrip('/')}/v1/messages"
        self._client = ModelClient(self.name, address, headers=headers, silence=silence, total=total)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def complete(self, call: Call, on_text: OnText, meter: Meter) -> Reply:
        """As `Provider.complete`."""
        message = _Message(meter)
        try:
            async with self._client.limited():
                await self._read(call, message, on_text, meter)
        except ProviderError:
            if message.stopped is None:
                raise  # else the reply is there, and only the stream's end is missing
        if message.stopped is None:
            raise self._client.broke_off()
        if not message.input:
            await on_text("".join(message.text))
        return Reply("".join(message.input or message.text), ENDINGS.get(message.stopped, "complete"))

    async def _read(self, call: Call, message: _Message, on_text: OnText, meter: Meter) -> None:
        async with aclosing(self._client.events(self._body(call), meter)) as events:
            async for event in events:
                if event.get("type") == "error":
                    raise self._client.failure(event.get("error"))
                if piece := message.take(event):
                    await on_text(piece)
                if event.get("type") == "message_stop":
                    return

    def _body(self, call: Call) -> dict[str, Any]:
        tool = {
            "name": call.schema_name,
            "description": "Hands in the result of the task.",
            "input_schema": dict(call.schema),
        }
        return {
            "model": self.model,
            "max_tokens": call.max_output_tokens,
            "system": call.system,
            "messages": [{"role": "user", "content": call.message}],
            "tools": [tool],
            "tool_choice": {"type": "tool", "name": call.schema_name},
            "stream": True,
        }


class _Message:
    """A reply as far as it has come. `text` is all there is of a model that did not use the tool."""

    def __init__(self, meter: Meter) -> None:
        self.input: list[str] = []
        self.text: list[str] = []
        self.stopped: str | None = None
        self._meter = meter
        self._tool: object = None

    def take(self, event: dict[str, Any]) -> str | None:
        """The next piece of the tool's input, if that is what the event brings."""
        kind, delta = event.get("type"), _dict(event, "delta")
        if kind == "message_start":
            self._count(_dict(_dict(event, "message"), "usage"), final=False)
        elif kind == "message_delta":
            self._count(_dict(event, "usage"), final=True)
            self.stopped = _str(delta, "stop_reason") or self.stopped
        elif kind == "message_stop":
            self.stopped = self.stopped or "end_turn"
        elif kind == "content_block_delta":
            return self._piece(event.get("index"), delta)
        return None

    def _piece(self, block: object, delta: dict[str, Any]) -> str | None:
        """Thinking is part of the price alone; a model that uses the tool twice is taken at its first word."""
        if piece := _str(delta, "partial_json"):
            self._tool = block if not self.input else self._tool
            self._meter.wrote(piece)
            if block == self._tool:
                self.input.append(piece)
                return piece
        elif piece := _str(delta, "text"):
            self._meter.wrote(piece)
            self.text.append(piece)
        elif piece := _str(delta, "thinking"):
            self._meter.wrote(piece)
        return None

    def _count(self, usage: dict[str, Any], *, final: bool) -> None:
        read = sum(found for name in _INPUTS if type(found := usage.get(name)) is int)
        self._meter.count(read, usage.get("output_tokens"), final=final)


def _dict(event: dict[str, Any], name: str) -> dict[str, Any]:
    found = event.get(name)
    return found if isinstance(found, dict) else {}


def _str(event: dict[str, Any], name: str) -> str | None:
    found = event.get(name)
    return found if isinstance(found, str) else None
