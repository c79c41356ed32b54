"""Bringing a subscription to what the provider says of it now.

Access follows the invoices that are paid; the provider's dates and states say what it plans. An answer is applied only
if no later question was answered before, so reports may come twice, late and in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments.ledger import can_be_returned, money_withdrawn, record_charge
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.rules import ENDED, RUNNING, is_over, last_paid, paid_after
from platform_service.subscriptions.service import CANCEL_JOB, UNDO_JOB, end, refresh_entitlement
from platform_service.users.service import lock_user
from shared.db.database import Database
from shared.jobs import enqueue
from shared.payments.provider import PaidInvoice, PaymentProvider, SubscriptionState
from shared.schemas.dates import utcnow


@dataclass(frozen=True)
class Answer:
    """What the provider said of a subscription; `asked_at` is when, by the database's clock."""

    state: SubscriptionState
    asked_at: datetime


async def ask(database: Database, provider: PaymentProvider, provider_id: str) -> Answer:
    """Raises UnknownPayment, ProviderUnavailable. Must not be called in a transaction."""
    async with database.read(fresh=True) as connection:
        asked_at: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    return Answer(await provider.get_subscription(provider_id), asked_at)


async def follow(session: AsyncSession, answer: Answer, *, grace: timedelta) -> Subscription | None:
    """Apply an answer to the subscription that it is about; None where that one is not known here."""
    known = select(Subscription.id, Subscription.user_id).where(
        Subscription.provider_subscription_id == answer.state.id
    )
    row = (await session.execute(known)).one_or_none()
    if row is None:
        return None
    await lock_user(session, row.user_id)
    subscription = await session.get_one(Subscription, row.id, populate_existing=True)
    await apply(session, subscription, answer, grace=grace)
    return subscription


async def apply(
    session: AsyncSession, subscription: Subscription, answer: Answer, *, grace: timedelta
) -> None:
    """The same for a subscription in hand. Needs `lock_user`."""
    state = answer.state
    await _record_invoices(session, subscription, state)
    if subscription.status != "active":
        await _end_there(session, subscription, state)
        return
    if subscription.provider_asked_at is not None and answer.asked_at < subscription.provider_asked_at:
        return
    before = _access(subscription)
    subscription.provider_asked_at = answer.asked_at
    _take_terms(subscription, state)
    if state.status in ENDED:
        end(subscription, "canceled")
        await enqueue(session, CANCEL_JOB, {"subscription": state.id})  # an invoice may be open still
    else:
        await _suspend_or_resume(session, subscription, state, grace=grace)
    if _access(subscription) != before:
        await refresh_entitlement(
            session, user_id=subscription.user_id, product_id=subscription.product_id, grace=grace
        )


def _take_terms(subscription: Subscription, state: SubscriptionState) -> None:
    last = last_paid(state.invoices)
    if last is not None:
        subscription.current_period_end = last.period_end
    if state.price is not None:
        subscription.price, subscription.currency = state.price.amount, state.price.currency
    if state.interval is not None:
        subscription.plan_type = "annual" if state.interval == "year" else "monthly"
    subscription.cancel_at_period_end = state.cancel_at_period_end
    subscription.payment_url = state.payment_url


async def _suspend_or_resume(
    session: AsyncSession, subscription: Subscription, state: SubscriptionState, *, grace: timedelta
) -> None:
    last, now = last_paid(state.invoices), utcnow()
    is_suspended = (
        state.status not in RUNNING
        or is_over(subscription.current_period_end, grace=grace, now=now)
        or (last is not None and await money_withdrawn(session, charge=last.id))
    )
    subscription.suspended_at = (subscription.suspended_at or now) if is_suspended else None


async def _end_there(session: AsyncSession, subscription: Subscription, state: SubscriptionState) -> None:
    """What ended here stays ended: it is canceled at the provider too, and what was paid since goes back.

    Also where it has ended there: an open invoice has a page on which it can be paid until it is void.
    """
    if state.status not in ENDED or state.payment_url is not None:
        await enqueue(session, CANCEL_JOB, {"subscription": state.id})
    for invoice in state.invoices:
        if await _is_to_go_back(session, subscription, invoice):
            await enqueue(session, UNDO_JOB, {"subscription": state.id, "payment": invoice.id})


async def _is_to_go_back(session: AsyncSession, subscription: Subscription, invoice: PaidInvoice) -> bool:
    """Whether it was paid for nothing, and neither went back nor is held by a dispute, or it would go back twice.

    What a bank has sent back is not tried again and again: an operator sees it.
    """
    ended_at = subscription.ended_at
    if ended_at is None or not paid_after(invoice, ended_at, subscription.current_period_end):
        return False
    return await can_be_returned(session, charge=invoice.id)


async def _record_invoices(
    session: AsyncSession, subscription: Subscription, state: SubscriptionState
) -> None:
    """Each paid invoice is in the ledger, also one whose own report got lost."""
    for invoice in state.invoices:
        await record_charge(
            session,
            user_id=subscription.user_id,
            product_id=subscription.product_id,
            amount=invoice.amount,
            provider_ref=invoice.id,
            at=invoice.paid_at,
        )


def _access(subscription: Subscription) -> tuple[object, ...]:
    return (subscription.status, subscription.suspended_at is None, subscription.current_period_end)
