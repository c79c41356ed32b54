"""A provider without a network: the same input gives the same output, made by rules. It only pretends to think."""

from __future__ import annotations

import asyncio
from typing import Final

from ai_service.providers.metering import Meter
from ai_service.providers.provider import Call, OnText, Reply

PIECE: Final = 40


class LocalProvider:
    """For development. `pause` in seconds, between two pieces."""

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
