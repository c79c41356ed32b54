"""A request that comes twice with the same Idempotency-Key is done once and answered twice."""

from shared.idempotency.table import IdempotencyMixin

__all__ = ["IdempotencyMixin"]
