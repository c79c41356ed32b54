"""What review's fixtures hand to tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Published = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
