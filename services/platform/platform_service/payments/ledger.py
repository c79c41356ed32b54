"""Writing the ledger: each movement of money once, however often it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments.models import Payment
from shared.payments.metrics import count_payment
from shared.payments.provider import PaymentState
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


async def record_movements(
    session: AsyncSession,
    *,
    user_id: int,
    product_id: int | None,
    charge: str,
    payment: PaymentState,
) -> int:
    """Write down what went back of a charge, and came again; how many rows were new. Needs `lock_user`.

    `charge` is the `provider_ref` of its row. Each movement is one row by the provider's id of it,
    whichever source reports it.
    """
    counted = await _counted_before(session, payment)
    known = set(await session.scalars(select(Payment.provider_ref).where(Payment.refund_of == charge)))
    new = 0
    for movement in payment.movements:
        if movement.kind == "refund" and counted >= movement.amount.amount:
            counted -= movement.amount.amount
            continue
        if movement.kind == "refund_reversal" and movement.id.removesuffix(":reversed") not in known:
            continue  # it came back before anybody had written down that it went
        sign = -1 if movement.kind in ("refund", "dispute") else 1
        values = {
            "user_id": user_id,
            "product_id": product_id,
            "kind": movement.kind,
            "amount": sign * movement.amount.amount,
            "currency": movement.amount.currency,
            "provider_ref": movement.id,
            "refund_of": charge,
        }
        new += await _insert(session, values, movement.at)
    return new


async def reverse(session: AsyncSession, row: Payment) -> bool:
    """Balance a refund that should never have been written down; whether that is new."""
    values = {
        "user_id": row.user_id,
        "product_id": row.product_id,
        "kind": "refund_reversal",
        "amount": -row.amount,
        "currency": row.currency,
        "provider_ref": f"correction:{row.id}",
        "refund_of": row.refund_of,
    }
    return await _insert(session, values, None)


async def money_withdrawn(session: AsyncSession, *, charge: str) -> bool:
    """Whether a dispute holds money of this charge now."""
    balance = select(func.coalesce(func.sum(Payment.amount), 0)).where(
        Payment.refund_of == charge, Payment.kind.in_(("dispute", "dispute_reversal"))
    )
    return (await session.scalar(balance) or 0) < 0


async def can_be_returned(session: AsyncSession, *, charge: str) -> bool:
    """Whether money of this charge is here, which no dispute holds and no bank has sent back already."""
    of_charge = or_(Payment.provider_ref == charge, Payment.refund_of == charge)
    statement = select(
        func.coalesce(func.sum(Payment.amount), 0).label("left"),
        func.count().filter(Payment.kind == "refund_reversal").label("sent_back"),
    ).where(of_charge)
    row = (await session.execute(statement)).one()
    return row.left > 0 and not row.sent_back and not await money_withdrawn(session, charge=charge)


async def _counted_before(session: AsyncSession, payment: PaymentState) -> Decimal:
    """What rows of before December 2026 have of this payment's refunds: growing sums, under the intent's id."""
    sums = select(func.coalesce(func.sum(-Payment.amount), 0)).where(
        Payment.refund_of == payment.id, Payment.provider_ref.startswith("refund:", autoescape=True)
    )
    return await session.scalar(sums) or Decimal(0)


async def _insert(session: AsyncSession, values: Mapping[str, object], at: datetime | None) -> bool:
    moment = {} if at is None else {"created_at": at}
    statement = (
        insert(Payment)
        .values(**values, **moment)
        .on_conflict_do_nothing(index_elements=[Payment.provider_ref])
    )
    is_new = await session.scalar(statement.returning(Payment.id)) is not None
    if is_new:
        count_payment(session, kind=str(values["kind"]), outcome="succeeded")
    return is_new
