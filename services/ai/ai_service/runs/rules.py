"""When a run is tried again, and what it costs. No database."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

Status = Literal["queued", "running", "completed", "failed", "canceled"]
AttemptStatus = Literal["running", "succeeded", "failed", "unfit", "interrupted", "canceled"]
OPEN: Final = ("queued", "running")
EXECUTE_JOB: Final = "runs.execute"
"""The background job that does a run."""

MAX_FAILED: Final = 6
"""Attempts that the provider failed; within about two minutes, or as long as it says in Retry-After."""
MAX_UNFIT: Final = 2
"""A reply that does not fit is asked for once more."""
MAX_INTERRUPTED: Final = 3
"""Attempts whose worker vanished while the model was at work: each may have cost something."""
MAX_PAID_FAILURES: Final = 3
"""Attempts that broke off when they had cost something already."""
FIRST_DELAY: Final = 2.0
MAX_DELAY: Final = 60.0
LONGEST_WAIT: Final = 600.0
"""Where the provider asks to wait longer than that, the run fails: its user should not wait so long for an answer."""
MILLION: Final = Decimal(1_000_000)
CENT_PARTS: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens."""

    input: Decimal
    output: Decimal


def delay_after(failures: int, *, retry_after: float | None) -> float | None:
    """Seconds until the next attempt after so many failed ones; None where there is none."""
    if failures >= MAX_FAILED or (retry_after or 0.0) > LONGEST_WAIT:
        return None
    doublings: float = 2.0 ** (failures - 1)
    backoff = min(FIRST_DELAY * doublings, MAX_DELAY) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
    return max(backoff, retry_after or 0.0)


def cost(input_tokens: int, output_tokens: int, prices: Prices) -> Decimal:
    """USD."""
    exact = (input_tokens * prices.input + output_tokens * prices.output) / MILLION
    return exact.quantize(CENT_PARTS)
