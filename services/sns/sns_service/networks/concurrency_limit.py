"""Who takes a network's time leaves some to others: an author's own site may see to it that a post takes minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from sns_service.networks.errors import Working

AGAIN_SECONDS: Final = 1.0
"""When to ask again, at first: who has waited for longer asks less often."""


class ConcurrencyLimit:
    """`most` at a time, and `of_one` of one owner."""

    def __init__(self, *, most: int, of_one: int) -> None:
        self._most = most
        self._of_one = of_one
        self._taken = Counter[Hashable]()

    @contextmanager
    def place(self, owner: Hashable) -> Iterator[None]:
        """One place. Raises Working where there is none."""
        if self._taken[owner] >= self._of_one or self._taken.total() >= self._most:
            raise Working("Other posts are being sent first.", retry_after=AGAIN_SECONDS)
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]
