"""Writing the ledger: each movement of money once, however often it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments.models import Payment
from shared.schemas.money import Money


async def record_charge(
    session: AsyncSession,
    *,
    user_id: int,
    product_id: int | None,
    amount: Money,
    provider_ref: str,
    at: datetime | None = None,
) -> bool:
    """Write down money that came; whether this was the first report of it. Nothing is written of an amount of zero."""
    if amount.amount <= 0:
        return False
    values = {
        "user_id": user_id,
        "product_id": product_id,
        "kind": "charge",
        "amount": amount.amount,
        "currency": amount.currency,
        "provider_ref": provider_ref,
    }
    return await _insert(session, values, at)


async def record_refunds(
    session: AsyncSession, *, user_id: int, payment: str, refunded: Money, at: datetime | None = None
) -> bool:
    """Write down what was given back of a payment. `refunded` is the sum of its refunds until now, as reported.

    Sums only grow, so a late report of a smaller one adds nothing. Needs `lock_user`.
    """
    known = await session.scalar(
        select(func.coalesce(func.sum(-Payment.amount), 0)).where(Payment.refund_of == payment)
    )
    more = refunded.amount - (known or 0)
    if more <= 0:
        return False
    values = {
        "user_id": user_id,
        "product_id": await session.scalar(select(Payment.product_id).where(Payment.provider_ref == payment)),
        "kind": "refund",
        "amount": -more,
        "currency": refunded.currency,
        "provider_ref": f"refund:{payment}:{refunded.amount}",
        "refund_of": payment,
    }
    return await _insert(session, values, at)


async def _insert(session: AsyncSession, values: Mapping[str, object], at: datetime | None) -> bool:
    moment = {} if at is None else {"created_at": at}
    statement = (
        insert(Payment)
        .values(**values, **moment)
        .on_conflict_do_nothing(index_elements=[Payment.provider_ref])
    )
    return await session.scalar(statement.returning(Payment.id)) is not None
