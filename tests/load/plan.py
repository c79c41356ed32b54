"""How long the bench measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`runs` of `seconds` each, of which the table shows the median."""

    runs: int = 5
    seconds: float = 2.0
