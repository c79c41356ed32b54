"""The interface to language models, and the provider without a network, which only pretends to think."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from ai_service.providers.metering import Meter, estimate_tokens
from shared.schemas.json import dumps

Dialect = Literal["openai", "compatible"]
"""Of OpenAI's protocol: its own parameters, or the older ones that other servers know."""
PIECE: Final = 40
"""Characters that the local provider writes at a time."""
OnText = Callable[[str], Awaitable[None]]
"""Takes each piece of the reply as it comes."""
Ending = Literal["complete", "truncated", "refused"]
"""Why the model stopped: it was done, it met the limit of its output or its context, or it declines the task."""


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a model. The reply is to be JSON that fits `schema`."""

    system: str
    """Ours alone."""
    message: str
    """Holds what users wrote."""
    schema_name: str
    schema: Mapping[str, Any]
    max_output_tokens: int
    offline: Callable[[], str]
    """What the local provider replies."""

    @property
    def input_tokens(self) -> int:
        """About how many the model reads."""
        return (
            estimate_tokens(self.system) + estimate_tokens(self.message) + estimate_tokens(dumps(self.schema))
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote, and why it stopped there. Around the JSON there may be other text."""

    text: str
    ending: Ending = "complete"


class Provider(Protocol):
    """A language model somewhere."""

    @property
    def name(self) -> str:
        """As answers show it: `local`, `anthropic` or `openai`."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    async def complete(self, call: Call, on_text: OnText, meter: Meter) -> Reply:
        """Ask, and hand on the reply piece by piece. Raises ProviderError, and what `on_text` raises.

        However it ends, also by cancellation, `meter` knows what it has cost until then.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class LocalProvider:
    """For development: the same input gives the same output, made by rules. `pause` in seconds, between two pieces."""

    name = "local"
    model = "local-rules-1"

    def __init__(self, *, pause: float) -> None:
        self._pause = pause

    async def close(self) -> None:
        """Holds nothing open."""

    async def complete(self, call: Call, on_text: OnText, meter: Meter) -> Reply:
        """As `Provider.complete`; all its tokens are estimates."""
        text = call.offline()
        meter.ask()
        for start in range(0, len(text), PIECE):
            await asyncio.sleep(self._pause)
            meter.wrote(text[start : start + PIECE])
            await on_text(text[start : start + PIECE])
        return Reply(text)
