"""From a paid checkout to a subscription: the one way, for the success page, the webhook and the settling job alike.

What counts is what the provider says now, when asked. So it does not matter which of the three comes first, or how
often, and an old report cannot undo a newer state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments import subscription_sync
from platform_service.payments.errors import UnknownCheckout
from platform_service.payments.ledger import record_charge
from platform_service.payments.models import Checkout
from platform_service.payments.subscription_sync import Answer
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.queries import is_subscribed
from platform_service.subscriptions.rules import PlanType, last_paid, period_end
from platform_service.subscriptions.service import UNDO_JOB, start
from platform_service.users.service import lock_user
from shared.db.database import Database
from shared.jobs import enqueue
from shared.payments.errors import UnknownPayment
from shared.payments.provider import CheckoutState, PaymentProvider

Outcome = Literal["completed", "pending", "expired", "duplicate"]


@dataclass(frozen=True)
class Facts:
    """What the provider says of a checkout now; `subscription` is None until it has one."""

    checkout: CheckoutState
    subscription: Answer | None


async def known_outcome(database: Database, session_id: str) -> Outcome:
    """Where a checkout stands here. Raises UnknownCheckout."""
    statement = select(Checkout.status).where(Checkout.provider_session_id == session_id)
    async with database.read(fresh=True) as connection:
        status: Outcome | None = await connection.scalar(statement)
    if status is None:
        raise UnknownCheckout
    return status


async def ask(database: Database, provider: PaymentProvider, session_id: str) -> Facts:
    """Raises UnknownCheckout, ProviderUnavailable. Needs no transaction, and must not be called in one."""
    try:
        checkout = await provider.get_checkout(session_id)
    except UnknownPayment as error:
        raise UnknownCheckout from error
    if checkout.subscription is None:
        return Facts(checkout, None)
    return Facts(checkout, await subscription_sync.ask(database, provider, checkout.subscription))


async def settle(
    database: Database, provider: PaymentProvider, session_id: str, *, grace: timedelta
) -> Outcome:
    """Bring a checkout to where the provider says it is; what the success page and the job do."""
    known = await known_outcome(database, session_id)
    if known != "pending":
        return known
    facts = await ask(database, provider, session_id)
    async with database.session() as session:
        return await activate(session, facts, grace=grace)


async def activate(session: AsyncSession, facts: Facts, *, grace: timedelta) -> Outcome:
    """Apply the facts once, even if another process does so at the same time. Raises UnknownCheckout."""
    state = facts.checkout
    owner = await session.scalar(select(Checkout.user_id).where(Checkout.provider_session_id == state.id))
    if owner is None:
        raise UnknownCheckout
    user = await lock_user(session, owner)
    checkout = (await session.scalars(select(Checkout).where(Checkout.provider_session_id == state.id))).one()
    if checkout.status in {"completed", "duplicate"}:
        return _outcome(checkout)
    if not state.paid or state.status != "complete":
        checkout.status = "expired" if state.status == "expired" else "pending"
        return _outcome(checkout)
    if state.payment is not None and state.amount is not None:
        await record_charge(
            session,
            user_id=checkout.user_id,
            product_id=checkout.product_id,
            amount=state.amount,
            provider_ref=state.payment,
            at=_paid_at(facts),
        )
    if user is None or user.deleted_at is not None:
        await _undo(session, checkout, facts)
    else:
        await _subscribe(session, checkout, facts, grace)
    return _outcome(checkout)


def _paid_at(facts: Facts) -> datetime | None:
    """By the provider's clock, as all that follows in the ledger is; None where its invoice is not listed yet."""
    invoices = () if facts.subscription is None else facts.subscription.state.invoices
    return next((one.paid_at for one in invoices if one.id == facts.checkout.payment), None)


async def _subscribe(session: AsyncSession, checkout: Checkout, facts: Facts, grace: timedelta) -> None:
    if await is_subscribed(session, user_id=checkout.user_id, product_id=checkout.product_id, grace=grace):
        await _undo(session, checkout, facts)
        return
    plan: PlanType = "annual" if checkout.plan_type == "annual" else "monthly"
    answer = facts.subscription
    first = None if answer is None else last_paid(answer.state.invoices)
    subscription = Subscription(
        user_id=checkout.user_id,
        product_id=checkout.product_id,
        plan_type=plan,
        price=checkout.amount,
        currency=checkout.currency,
        provider_subscription_id=facts.checkout.subscription,
        current_period_end=period_end(checkout.created_at, plan) if first is None else first.period_end,
    )
    await start(session, subscription, grace=grace)
    if answer is not None:
        await subscription_sync.apply(session, subscription, answer, grace=grace)
    checkout.status = "completed"


async def _undo(session: AsyncSession, checkout: Checkout, facts: Facts) -> None:
    """Paid for what the user has already, from a second window, or after the account was deleted: pay it back."""
    checkout.status = "duplicate"
    state = facts.checkout
    await enqueue(session, UNDO_JOB, {"subscription": state.subscription, "payment": state.payment})


def _outcome(checkout: Checkout) -> Outcome:
    status: Outcome = checkout.status  # type: ignore[assignment]  # a check constraint keeps it to these words
    return status
