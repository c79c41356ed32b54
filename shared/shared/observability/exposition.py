"""What a scrape gets: written out once for all who ask within a moment, so that requests keep nearly all of the process
however many scrape it, and however often."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

SHARE: Final = 0.1
"""How much of its time a process spends on writing metrics at most, for each of the two formats."""
OPENMETRICS: Final = "application/openmetrics-text"


@dataclass(frozen=True, slots=True)
class Exposition:
    """All metrics in one format, as of a moment ago."""

    content: bytes
    media_type: str
    good_until: float


class Expositions:
    """The last one in each format."""

    def __init__(self) -> None:
        self._last: dict[bool, Exposition] = {}

    def give(self, accept: str) -> Exposition:
        """As OpenMetrics, which alone has exemplars, where that is asked for. No other wish in `accept` is looked at:
        each would be one more format to write out."""
        openmetrics = OPENMETRICS in accept
        last = self._last.get(openmetrics)
        if last is None or time.monotonic() >= last.good_until:
            last = self._last[openmetrics] = _written(f"{OPENMETRICS}; version=1.0.0" if openmetrics else "")
        return last


def _written(accept: str) -> Exposition:
    encode, media_type = choose_encoder(accept)
    began = time.monotonic()
    content = encode(REGISTRY)
    ended = time.monotonic()
    return Exposition(content, media_type, ended + (ended - began) * (1 / SHARE - 1))
