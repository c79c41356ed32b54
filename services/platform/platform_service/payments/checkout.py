"""The way to the provider's checkout page, which two requests with one Idempotency-Key share.

Nothing here waits for the provider inside of a transaction: so the request is claimed first, and completed after.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from platform_service.payments.models import Checkout
from platform_service.payments.purchase import Purchase, read_purchase, refuse_second_subscription
from platform_service.payments.schemas import CheckoutAnswer
from platform_service.payments.success_page import BillingPage
from platform_service.subscriptions.rules import PlanType, interval
from platform_service.tables import IdempotencyRecord
from platform_service.users.models import Customer
from shared.db.database import Database
from shared.idempotency import Answer, claim, complete, release
from shared.payments.provider import Checkout as ProviderCheckout
from shared.payments.provider import PaymentProvider

OPERATION: Final = "checkout"
SUCCESS_PATH: Final = "/api/payment/success"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the provider sends the browser: back to us once it is paid, else to the app's page."""

    public_url: str
    billing: BillingPage

    @property
    def success(self) -> str:
        """The provider fills in the checkout's id."""
        return f"{self.public_url.rstrip('/')}{SUCCESS_PATH}?session_id={{CHECKOUT_SESSION_ID}}"


async def check_out_once(
    database: Database,
    provider: PaymentProvider,
    *,
    addresses: Addresses,
    grace: timedelta,
    user_id: int,
    product_id: int,
    plan_type: PlanType,
    key: str | None,
) -> Answer:
    """The answer of `POST /checkout`, the same one for the same key.

    Raises what `check_out` does, and IdempotencyKeyReused, RequestInProgress.
    """
    claimed = await claim(
        database,
        IdempotencyRecord,
        key=key,
        user_id=user_id,
        operation=OPERATION,
        request={"product_id": product_id, "plan_type": plan_type},
    )
    if isinstance(claimed, Answer):
        return claimed
    try:
        url = await check_out(
            database,
            provider,
            addresses=addresses,
            grace=grace,
            user_id=user_id,
            product_id=product_id,
            plan_type=plan_type,
            provider_key=_provider_key(user_id, key),
        )
    except BaseException:
        async with database.session() as session:
            await release(session, claimed)
        raise
    async with database.session() as session:
        return await complete(session, claimed, status=200, body=CheckoutAnswer(checkout_url=url))


async def check_out(
    database: Database,
    provider: PaymentProvider,
    *,
    addresses: Addresses,
    grace: timedelta,
    user_id: int,
    product_id: int,
    plan_type: PlanType,
    provider_key: str,
) -> str:
    """The address of a page on which the user subscribes.

    Raises UnknownProduct, PlanNotOffered, PriceNotChargeable, AlreadySubscribed, SubscriptionSuspended,
    ProviderUnavailable. The provider's key stands for this request of this user: the same one leads to the same page.
    """
    purchase = await read_purchase(database, user_id=user_id, product_id=product_id, plan_type=plan_type)
    await refuse_second_subscription(database, provider, user_id=user_id, product_id=product_id, grace=grace)
    page = await provider.create_checkout(
        customer=purchase.customer or await _customer(database, provider, purchase),
        product_name=purchase.product_name,
        price=purchase.price,
        interval=interval(plan_type),
        metadata={"user_id": str(user_id), "product_id": str(product_id), "plan_type": plan_type},
        success_url=addresses.success,
        cancel_url=addresses.billing.after("canceled"),
        idempotency_key=provider_key,
    )
    await _remember(database, purchase, page)
    return page.url


async def _customer(database: Database, provider: PaymentProvider, purchase: Purchase) -> str:
    """The provider's id of the user, made at the first checkout; two at once end up with the same one."""
    made = await provider.create_customer(
        user_id=purchase.user_id,
        email=purchase.email,
        name=purchase.name,
        idempotency_key=f"customer:{purchase.user_id}",
    )
    async with database.session() as session:
        row = insert(Customer).values(user_id=purchase.user_id, provider_id=made)
        await session.execute(row.on_conflict_do_nothing(index_elements=[Customer.user_id]))
        known = select(Customer.provider_id).where(Customer.user_id == purchase.user_id)
        return (await session.scalars(known)).one()


async def _remember(database: Database, purchase: Purchase, page: ProviderCheckout) -> None:
    """Before the user gets the address: for each payment there is a row here that says what it is for."""
    row = insert(Checkout).values(
        user_id=purchase.user_id,
        product_id=purchase.product_id,
        plan_type=purchase.plan_type,
        amount=purchase.price.amount,
        currency=purchase.price.currency,
        provider_session_id=page.id,
        status="pending",
    )
    async with database.session() as session:
        await session.execute(row.on_conflict_do_nothing(index_elements=[Checkout.provider_session_id]))


def _provider_key(user_id: int, key: str | None) -> str:
    """The provider's own key: so a process that died after the page was made leads to the same page again."""
    if key is None:
        return f"checkout:{secrets.token_hex(16)}"
    return f"checkout:{user_id}:{hashlib.sha256(key.encode()).hexdigest()}"
