"""What a user is about to buy: the product and its price, and whether it may be bought now."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from platform_service.payments import subscription_sync
from platform_service.payments.errors import PlanNotOffered, PriceNotChargeable, UnknownProduct
from platform_service.subscriptions.errors import AlreadySubscribed, SubscriptionSuspended
from platform_service.subscriptions.models import Product, Subscription
from platform_service.subscriptions.queries import is_subscribed
from platform_service.subscriptions.rules import PlanType
from platform_service.users.models import Customer, User
from shared.auth.errors import InvalidToken
from shared.db.database import Database
from shared.payments.errors import UnknownPayment
from shared.payments.provider import PaymentProvider
from shared.schemas.money import AmountTooFine, Money, UnknownCurrency, minor_units

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Purchase:
    """Who buys what at which price; `customer` is the provider's id of the user, None before the first checkout."""

    user_id: int
    email: str
    name: str
    customer: str | None
    product_id: int
    product_name: str
    plan_type: PlanType
    price: Money


async def read_purchase(
    database: Database, *, user_id: int, product_id: int, plan_type: PlanType
) -> Purchase:
    """Raises UnknownProduct, PlanNotOffered, PriceNotChargeable, and InvalidToken for a user who is gone."""
    offered = select(Product.name, Product.monthly_price, Product.annual_price, Product.currency).where(
        Product.id == product_id, Product.is_active
    )
    buyer = (
        select(User.email, User.name, Customer.provider_id)
        .outerjoin(Customer, Customer.user_id == User.id)
        .where(User.id == user_id, User.is_active)
    )
    async with database.read(fresh=True) as connection:
        product = (await connection.execute(offered)).one_or_none()
        user = (await connection.execute(buyer)).one_or_none()
    if product is None:
        raise UnknownProduct
    if user is None:
        raise InvalidToken
    price = product.monthly_price if plan_type == "monthly" else product.annual_price
    if price is None:
        raise PlanNotOffered
    return Purchase(
        user_id=user_id,
        email=user.email,
        name=user.name,
        customer=user.provider_id,
        product_id=product_id,
        product_name=product.name,
        plan_type=plan_type,
        price=_chargeable(product_id, price, product.currency),
    )


async def refuse_second_subscription(
    database: Database, provider: PaymentProvider, *, user_id: int, product_id: int, grace: timedelta
) -> None:
    """Raises AlreadySubscribed, or SubscriptionSuspended where one only waits for its payment.

    What gives no access is asked about first: it may be paid, or over, without our having heard of it.
    """
    async with database.read(fresh=True) as connection:
        if await is_subscribed(connection, user_id=user_id, product_id=product_id, grace=grace):
            raise AlreadySubscribed
        without_access = select(Subscription.provider_subscription_id).where(
            Subscription.user_id == user_id,
            Subscription.product_id == product_id,
            Subscription.status == "active",
        )
        provider_id = await connection.scalar(without_access)
    if provider_id is None:
        return
    try:
        answer = await subscription_sync.ask(database, provider, provider_id)
    except UnknownPayment:
        return
    async with database.session() as session:
        subscription = await subscription_sync.follow(session, answer, grace=grace)
    if subscription is None or subscription.status != "active":
        return
    if subscription.suspended_at is None:
        raise AlreadySubscribed
    raise SubscriptionSuspended(subscription.payment_url)


def _chargeable(product_id: int, price: Decimal, currency: str) -> Money:
    """The database takes no other prices; one of before it did would be charged a hundredfold, or a hundredth."""
    try:
        money = Money(price, currency)
        minor_units(money)
    except (UnknownCurrency, AmountTooFine) as error:
        logger.error("product %s cannot be sold: %s", product_id, error)
        raise PriceNotChargeable from error
    return money
