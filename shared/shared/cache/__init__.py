"""Two tiers of finished bytes: this process's memory for seconds, then Redis for minutes."""

from __future__ import annotations

from shared.cache.cache import Cache
from shared.cache.memory import Entry

__all__ = ["Cache", "Entry"]
