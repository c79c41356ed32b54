"""Anthropic's Messages API, streamed; the reply is the input of a tool that the model has to use."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any, Final

from ai_service.providers.http import ModelClient
from ai_service.providers.provider import Call, OnText, Reply

URL: Final = "https://api.anthropic.com"
VERSION: Final = "2023-06-01"


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

    async def complete(self, call: Call, on_text: OnText) -> Reply:
        """As `Provider.complete`."""
        pieces, read, written, over = list[str](), 0, 0, False
        async with self._client.limited(), aclosing(self._client.events(self._body(call))) as events:
            async for event in events:
                kind = event.get("type")
                if kind == "error":
                    raise self._client.failure(_dict(event, "error").get("type"))
                usage = _dict(_dict(event, "message") if kind == "message_start" else event, "usage")
                read = _number(usage, "input_tokens", read)
                written = _number(usage, "output_tokens", written)
                over = over or kind == "message_stop"
                if piece := _dict(event, "delta").get("partial_json"):
                    pieces.append(str(piece))
                    await on_text(str(piece))
        if not over:
            raise self._client.broke_off()
        return Reply("".join(pieces), read, written)

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


def _dict(event: dict[str, Any], name: str) -> dict[str, Any]:
    found = event.get(name)
    return found if isinstance(found, dict) else {}


def _number(usage: dict[str, Any], name: str, known: int) -> int:
    found = usage.get(name)
    return found if isinstance(found, int) and 0 <= found < 10**9 else known
