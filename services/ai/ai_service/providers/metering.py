"""What a call to a model has cost so far, known at any moment: it may break off, be canceled, or not say its cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BYTES_PER_TOKEN: Final = 3
"""Of UTF-8. Careful on purpose: English has about four letters a token, and a Korean syllable (three bytes) is about
one token or less."""
MAX_TOKENS: Final = 10_000_000
"""Of one call; more than any model reads or writes."""


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


def _tokens(number: object) -> int:
    return number if type(number) is int and 0 < number <= MAX_TOKENS else 0
