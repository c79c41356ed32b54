"""What becomes of an event of the provider, and how often each came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prometheus_client import Counter

Word = Literal["handled", "irrelevant", "not_ours", "unhandled"]
payment_events_total = Counter(
    "payment_events", "Events of the payment provider, by type and outcome.", ["type", "outcome"]
)


@dataclass(frozen=True)
class Outcome:
    """handled: what it says is in our tables. irrelevant: it moves no money and no access. not_ours: it is about
    another flow of the same account, which looks after itself. unhandled: kept for somebody to see to, because of
    `reason`.
    """

    word: Word
    reason: str = ""


HANDLED = Outcome("handled")
IRRELEVANT = Outcome("irrelevant")
NOT_OURS = Outcome("not_ours")


def unhandled(reason: str) -> Outcome:
    """Nobody here knows what to do with it."""
    return Outcome("unhandled", reason)
