"""Chat completions as OpenAI has them and many others speak them, streamed, with a JSON schema for the reply.

The stream: chunks with a `delta` of the first choice, one with its `finish_reason`, then one with the usage and without
choices, then `[DONE]` (https://platform.openai.com/docs/api-reference/chat-streaming). Others leave some of it out, or
add thinking.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Final

import httpx

from ai_service.providers.errors import ProviderError
from ai_service.providers.http import ModelClient
from ai_service.providers.provider import Call, Dialect, Ending, Meter, OnText, Reply

URL: Final = "https://api.openai.com/v1"
OWN_HOSTS: Final = (".api.openai.com", ".openai.azure.com")
LIMIT_NAMES: Final[dict[Dialect, str]] = {"openai": "max_completion_tokens", "compatible": "max_tokens"}
"""How the limit of the output is called: OpenAI's reasoning models refuse the old name, and Ollama, LM Studio and older
vLLM do not know the new one."""
ENDINGS: Final[dict[str, Ending]] = {"length": "truncated", "content_filter": "refused"}
NOT_TAKEN: Final = frozenset(
    {
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "pattern",
        "format",
        "default",
        "title",
    }
)
"""Words of JSON schema that a strict schema may not have there; the reply is checked against them here anyway."""


class OpenAIProvider:
    """`silence` and `total` in seconds; `url` ends before `/chat/completions`; `dialect` None: by the address.

    `thinking_tokens` are added to the limit of the output, in which such a model's thinking counts.
    """

    name = "openai"

    def __init__(
        self,
        *,
        url: str | None,
        key: str,
        model: str,
        silence: float,
        total: float,
        dialect: Dialect | None = None,
        thinking_tokens: int = 0,
    ) -> None:
        self.model = model
        self._thinking_tokens = thinking_tokens
        headers = {"Authorization": f"Bearer {key}"}
        address = f"{(url or URL).rstrip('/')}/chat/completions"
        self._limit_name = LIMIT_NAMES[dialect or dialect_of(address)]
        self._client = ModelClient(self.name, address, headers=headers, silence=silence, total=total)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def complete(self, call: Call, on_text: OnText, meter: Meter) -> Reply:
        """As `Provider.complete`."""
        completion = _Completion(meter)
        try:
            async with self._client.limited():
                await self._read(call, completion, on_text, meter)
        except ProviderError:
            if completion.finished is None:
                raise  # else the reply is there, and only its usage or the stream's end is missing
        if completion.finished is None:
            raise self._client.broke_off()
        if completion.refusal:
            return Reply("".join(completion.refusal), "refused")
        return Reply("".join(completion.content), ENDINGS.get(completion.finished, "complete"))

    async def _read(self, call: Call, completion: _Completion, on_text: OnText, meter: Meter) -> None:
        async with aclosing(self._client.events(self._body(call), meter)) as events:
            async for event in events:
                if error := event.get("error"):
                    raise self._client.failure(error)
                if piece := completion.take(event):
                    await on_text(piece)

    def _body(self, call: Call) -> dict[str, Any]:
        schema = {"name": call.schema_name, "strict": True, "schema": strict(call.schema)}
        return {
            "model": self.model,
            self._limit_name: call.max_output_tokens + self._thinking_tokens,
            "messages": [
                {"role": "system", "content": call.system},
                {"role": "user", "content": call.message},
            ],
            "response_format": {"type": "json_schema", "json_schema": schema},
            "stream": True,
            "stream_options": {"include_usage": True},
        }


class _Completion:
    """A reply as far as it has come."""

    def __init__(self, meter: Meter) -> None:
        self.content: list[str] = []
        self.refusal: list[str] = []
        self.finished: str | None = None
        self._meter = meter

    def take(self, event: dict[str, Any]) -> str:
        """The next piece of the reply, often an empty one. Thinking is part of the price alone."""
        choice = _first_choice(event)
        delta = choice.get("delta")
        piece = ""
        if isinstance(delta, dict):
            piece, refusal = _text(delta.get("content")), _text(delta.get("refusal"))
            self.content += [piece] if piece else []
            self.refusal += [refusal] if refusal else []
            thought = _text(delta.get("reasoning_content") or delta.get("reasoning"))
            for written in (piece, refusal, thought, _thinking(delta.get("content"))):
                self._meter.wrote(written)
        if isinstance(reason := choice.get("finish_reason"), str):
            self.finished = reason
        if isinstance(usage := event.get("usage"), dict):
            final = self.finished is not None
            self._meter.count(usage.get("prompt_tokens"), usage.get("completion_tokens"), final=final)
        return piece


def dialect_of(url: str) -> Dialect:
    """OpenAI's own at its own addresses and Azure's, else what everybody understands."""
    return "openai" if f".{httpx.URL(url).host}".endswith(OWN_HOSTS) else "compatible"


def strict(schema: Any) -> Any:
    """The schema without the words that strict mode does not take; names of fields are not words."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        name: {field: strict(value) for field, value in part.items()}
        if name in {"properties", "$defs"}
        else strict(part)
        for name, part in schema.items()
        if name not in NOT_TAKEN
    }


def _first_choice(event: dict[str, Any]) -> dict[str, Any]:
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) and first.get("index") in {0, None} else {}


def _text(content: object) -> str:
    """Of a text, or of the texts in its parts."""
    if isinstance(content, list):
        found = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(text for text in found if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _thinking(content: object) -> str:
    parts = content if isinstance(content, list) else []
    return "".join(_text(part.get("thinking")) for part in parts if isinstance(part, dict))
