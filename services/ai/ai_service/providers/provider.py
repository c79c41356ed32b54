"""The interface to language models: a call, its reply and its cost; and the provider that only pretends to think."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from shared.schemas.json import dumps

BYTES_PER_TOKEN: Final = 3
"""Of UTF-8. Careful on purpose: English has about four letters a token, and a Korean syllable (three bytes) is about
one token or less."""
MAX_TOKENS: Final = 10_000_000
"""Of one call; more than any model reads or writes."""
Dialect = Literal["openai", "compatible"]
"""Of OpenAI's protocol: its own parameters, or the older ones that other servers know."""
PIECE: Final = 40
"""Characters that the local provider writes at a time."""
OnText = Callable[[str], Awaitable[None]]
"""Takes each piece of the reply as it comes."""
Ending = Literal["complete", "truncated", "refused"]
"""Why the model stopped: it was done, it met the limit of its output or its context, or it declines the task."""


def estimate_tokens(text: str | bytes) -> int:
    """About how many tokens a text has, rather too many than too few."""
    size = len(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    return -(-size // BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a model has read and written. `estimated`: not all of it was counted by the provider."""

    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False


class Meter:
    """Of one call. `expected_input`: about how many tokens it sends.

    What the provider has counted is taken; for the rest stands an estimate. A count of nothing is none: some servers
    that speak these protocols send zeros.
    """

    def __init__(self, expected_input: int) -> None:
        self._expected_input = expected_input
        self._asked = False
        self._read = self._written = self._bytes = 0
        self._final = False

    def ask(self) -> None:
        """The call begins: from now on it may cost something."""
        self._asked = True

    def waive(self) -> None:
        """The call was refused, or never arrived: it has cost nothing."""
        self._asked = False

    def wrote(self, piece: str) -> None:
        """The model wrote this, be it of the reply, of its thinking or of a refusal."""
        self._bytes += len(piece.encode("utf-8", "replace"))

    def count(self, read: object, written: object, *, final: bool) -> None:
        """The provider's own numbers, each for the whole call until now; `final`: it writes nothing after them."""
        self._read = _tokens(read) or self._read
        if (found := _tokens(written)) or not self._bytes:
            self._written, self._final = found or self._written, final

    @property
    def usage(self) -> Usage:
        """What the call has cost until now."""
        if not self._asked:
            return Usage()
        guess = -(-self._bytes // BYTES_PER_TOKEN)
        written = self._written if self._final else max(self._written, guess)
        return Usage(self._read or self._expected_input, written, not (self._read and self._final))


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


def _tokens(number: object) -> int:
    return number if type(number) is int and 0 < number <= MAX_TOKENS else 0
