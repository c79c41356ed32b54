"""Payments as the business counts them."""

from __future__ import annotations

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.transactions import after_commit
from shared.labelled import Labelled

payments_total = Counter(
    "payments", "Movements of money, and payments that were declined, by kind.", ["kind", "outcome"]
)
_of = Labelled(payments_total, at_most=50)


def count_payment(session: AsyncSession, *, kind: str, outcome: str) -> None:
    """Once the session commits: one more. `outcome` is succeeded, failed or refunded."""

    async def count() -> None:
        _of(kind, outcome).inc()

    after_commit(session, count)
