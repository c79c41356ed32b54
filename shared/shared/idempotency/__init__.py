"""A request that is repeated with the same Idempotency-Key is done once and answered each time."""

from __future__ import annotations

from shared.idempotency.claims import Claim, claim, complete, release
from shared.idempotency.errors import IdempotencyKeyReused, InvalidIdempotencyKey, RequestInProgress
from shared.idempotency.record import Answer, IdempotencyMixin, new_answer, purge

__all__ = [
    "Answer",
    "Claim",
    "IdempotencyKeyReused",
    "IdempotencyMixin",
    "InvalidIdempotencyKey",
    "RequestInProgress",
    "claim",
    "complete",
    "new_answer",
    "purge",
    "release",
]
