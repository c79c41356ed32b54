"""The way to the provider's checkout page. Nothing here waits for the provider inside of a transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from platform_service.payments.errors import PlanNotOffered, PriceNotChargeable, UnknownProduct
from platform_service.payments.models import Checkout, Customer
from platform_service.payments.rules import PlanType, interval
from platform_service.payments.success_page import billing_page
from platform_service.products.models import Product
from platform_service.resources import Resources
from platform_service.subscriptions import following
from platform_service.subscriptions.errors import AlreadySubscribed, SubscriptionSuspended
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.service import is_subscribed
from platform_service.users.models import User
from shared.auth.errors import InvalidToken
from shared.payments.errors import UnknownPayment
from shared.payments.provider import Checkout as ProviderCheckout
from shared.schemas.money import AmountTooFine, Money, UnknownCurrency, minor_units

logger = logging.getLogger(__name__)
SUCCESS_PATH = "/api/payment/success"


@dataclass(frozen=True)
class CheckoutRequest:
    """What a checkout needs to know."""

    user_id: int
    email: str
    name: str
    customer: str | None
    product_id: int
    product_name: str
    plan_type: PlanType
    price: Money


async def check_out(
    resources: Resources, *, user_id: int, product_id: int, plan_type: PlanType, idempotency_key: str
) -> str:
    """The address of a page on which the user subscribes.

    Raises UnknownProduct, PlanNotOffered, PriceNotChargeable, AlreadySubscribed, SubscriptionSuspended,
    ProviderUnavailable. The key stands for this wish of this user: the same one leads to the same page.
    """
    wish = await _wish(resources, user_id=user_id, product_id=product_id, plan_type=plan_type)
    await _refuse_a_second_one(resources, user_id=user_id, product_id=product_id)
    customer = wish.customer or await _customer(resources, wish)
    page = await resources.provider.create_checkout(
        customer=customer,
        product_name=wish.product_name,
        price=wish.price,
        interval=interval(plan_type),
        metadata={"user_id": str(user_id), "product_id": str(product_id), "plan_type": plan_type},
        success_url=_public(resources, SUCCESS_PATH + "?session_id={CHECKOUT_SESSION_ID}"),
        cancel_url=billing_page(resources, "canceled"),
        idempotency_key=idempotency_key,
    )
    await _remember(resources, wish, page)
    return page.url


async def _wish(
    resources: Resources, *, user_id: int, product_id: int, plan_type: PlanType
) -> CheckoutRequest:
    async with resources.runtime.database.read(fresh=True) as connection:
        product = (
            await connection.execute(
                select(Product.name, Product.monthly_price, Product.annual_price, Product.currency).where(
                    Product.id == product_id, Product.is_active
                )
            )
        ).one_or_none()
        user = (await connection.execute(_user_with_customer(user_id))).one_or_none()
    if product is None:
        raise UnknownProduct
    if user is None:
        raise InvalidToken
    price = product.monthly_price if plan_type == "monthly" else product.annual_price
    if price is None:
        raise PlanNotOffered
    return CheckoutRequest(
        user_id=user_id,
        email=user.email,
        name=user.name,
        customer=user.provider_id,
        product_id=product_id,
        product_name=product.name,
        plan_type=plan_type,
        price=_chargeable(product_id, price, product.currency),
    )


def _chargeable(product_id: int, price: Decimal, currency: str) -> Money:
    """The database takes no other prices; one of before it did would be charged a hundredfold, or a hundredth."""
    try:
        money = Money(price, currency)
        minor_units(money)
    except (UnknownCurrency, AmountTooFine) as error:
        logger.error("product %s cannot be sold: %s", product_id, error)
        raise PriceNotChargeable from error
    return money


async def _refuse_a_second_one(resources: Resources, *, user_id: int, product_id: int) -> None:
    """Raises AlreadySubscribed, or SubscriptionSuspended where one only waits for its payment.

    What gives no access is asked about first: it may be paid, or over, without our having heard of it.
    """
    grace = resources.settings.subscription_grace
    async with resources.runtime.database.read(fresh=True) as connection:
        if await is_subscribed(connection, user_id=user_id, product_id=product_id, grace=grace):
            raise AlreadySubscribed
        waiting = select(Subscription.provider_subscription_id).where(
            Subscription.user_id == user_id,
            Subscription.product_id == product_id,
            Subscription.status == "active",
        )
        provider_id = await connection.scalar(waiting)
    if provider_id is None:
        return
    try:
        answer = await following.ask(resources, provider_id)
    except UnknownPayment:
        return
    async with resources.runtime.database.session() as session:
        subscription = await following.follow(session, answer, grace=grace)
    if subscription is None or subscription.status != "active":
        return
    if subscription.suspended_at is None:
        raise AlreadySubscribed
    raise SubscriptionSuspended(subscription.payment_url)


def _user_with_customer(user_id: int) -> Any:
    return (
        select(User.email, User.name, Customer.provider_id)
        .outerjoin(Customer, Customer.user_id == User.id)
        .where(User.id == user_id, User.is_active)
    )


async def _customer(resources: Resources, wish: CheckoutRequest) -> str:
    """The provider's id of the user, made at the first checkout; two at once end up with the same one."""
    made = await resources.provider.create_customer(
        user_id=wish.user_id, email=wish.email, name=wish.name, idempotency_key=f"customer:{wish.user_id}"
    )
    async with resources.runtime.database.session() as session:
        row = insert(Customer).values(user_id=wish.user_id, provider_id=made)
        await session.execute(row.on_conflict_do_nothing(index_elements=[Customer.user_id]))
        known = select(Customer.provider_id).where(Customer.user_id == wish.user_id)
        return (await session.scalars(known)).one()


async def _remember(resources: Resources, wish: CheckoutRequest, page: ProviderCheckout) -> None:
    """Before the user gets the address: for each payment there is a row here that says what it is for."""
    row = insert(Checkout).values(
        user_id=wish.user_id,
        product_id=wish.product_id,
        plan_type=wish.plan_type,
        amount=wish.price.amount,
        currency=wish.price.currency,
        provider_session_id=page.id,
        status="pending",
    )
    async with resources.runtime.database.session() as session:
        await session.execute(row.on_conflict_do_nothing(index_elements=[Checkout.provider_session_id]))


def _public(resources: Resources, path: str) -> str:
    return resources.settings.public_url.rstrip("/") + path
