"""A request that comes twice with the same Idempotency-Key is done once and answered twice."""

from shared.idempotency.answer import Answer
from shared.idempotency.claims import Claim, claim, complete, purge, release
from shared.idempotency.errors import IdempotencyKeyReused, InvalidIdempotencyKey, RequestInProgress
from shared.idempotency.once import run_once
from shared.idempotency.table import IdempotencyMixin

__all__ = [
    "Answer",
    "Claim",
    "IdempotencyKeyReused",
    "IdempotencyMixin",
    "InvalidIdempotencyKey",
    "RequestInProgress",
    "claim",
    "complete",
    "purge",
    "release",
    "run_once",
]
