"""The interface to language models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

OnText = Callable[[str], Awaitable[None]]
"""Takes each piece of the reply as it comes."""


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


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote, complete, and what was counted."""

    text: str
    input_tokens: int
    output_tokens: int


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

    async def complete(self, call: Call, on_text: OnText) -> Reply:
        """Ask, and hand on the reply piece by piece. Raises ProviderError, and what `on_text` raises."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
