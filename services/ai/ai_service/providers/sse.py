"""Server-sent events as the WHATWG's HTML standard has them (9.2.6), from bytes that come in any pieces.

A line ends at CR LF, CR or LF and nowhere else. U+2028, U+2029 and U+0085 are text, though `str.splitlines`, and with
it httpx's `aiter_lines`, breaks a line there; so lines are told apart in bytes, where all three ends are ASCII. Here a
line is bounded before it is kept; httpx-sse, which would be the library for it, gathers one of any length.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

BOM: Final = b"\xef\xbb\xbf"
_ENDS: Final = (b"\r", b"\n")


class EventTooLong(Exception):
    """One event exceeds the maximum length."""


class EventDecoder:
    """Takes a stream's bytes in their order. `max_event` in bytes, with the line that is being read."""

    def __init__(self, *, max_event: int) -> None:
        self._max_event = max_event
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._first = True

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The data of each event that ends in this piece; an event left unfinished at the stream's end is dropped.

        Raises EventTooLong.
        """
        if not chunk:
            return
        rest = (
            chunk.removeprefix(b"\n") if self._after_cr else chunk
        )  # the CR before it has ended the line already
        self._after_cr = chunk.endswith(b"\r")
        for part in rest.splitlines(keepends=True):  # of bytes: at CR LF, CR and LF alone
            self._line += part
            if self._size + len(self._line) > self._max_event:
                raise EventTooLong
            if part.endswith(_ENDS):
                line = bytes(self._line).rstrip(b"\r\n")
                self._line.clear()
                yield from self._take(line)

    def _take(self, line: bytes) -> Iterator[str]:
        if self._first:
            line, self._first = line.removeprefix(BOM), False
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
                self._size += len(value) + 1
        elif self._data:
            data, self._data, self._size = b"\n".join(self._data), [], 0
            yield data.decode("utf-8", "replace")
