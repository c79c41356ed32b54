"""How long the caches keep what everybody reads."""

from typing import Final

MEMORY_SECONDS: Final = 10.0
REDIS_SECONDS: Final = 300.0
