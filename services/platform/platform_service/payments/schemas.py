"""Bodies of the payment endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from platform_service.payments.rules import PlanType
from platform_service.subscriptions.schemas import Subscription
from shared.schemas.types import Id, Request


class CheckoutRequest(Request):
    """What to subscribe to."""

    product_id: Id
    plan_type: PlanType = "monthly"


class CheckoutAnswer(BaseModel):
    """The address of the page where the user pays."""

    checkout_url: str


class PaymentShape(BaseModel):
    """A movement of money; refunds and disputes are negative, their reversals positive."""

    id: int
    kind: Literal["charge", "refund", "refund_reversal", "dispute", "dispute_reversal"]
    product_id: int | None
    product_name: str | None
    amount: float
    currency: str
    status: Literal["succeeded", "refunded", "refund_failed", "disputed", "reinstated"]
    created_at: datetime


class PaymentPage(BaseModel):
    """A page of the user's payments, newest first."""

    payments: list[PaymentShape]
    total: int
    pages: int
    current_page: int


class UpcomingPayment(BaseModel):
    """The next charge, if it is known."""

    subscription_id: int
    product_name: str
    amount: float
    currency: str
    due_at: datetime


class MonthlyTotal(BaseModel):
    """What all active subscriptions in one currency cost per month."""

    currency: str
    amount: float


class BillingInfo(BaseModel):
    """The summary on a billing page."""

    email: str
    name: str
    customer_id: str | None
    subscriptions: list[Subscription]
    monthly_total: list[MonthlyTotal]
    upcoming_payments: list[UpcomingPayment]
    last_payment: PaymentShape | None


class ProductRevenue(BaseModel):
    """A product's active subscriptions; `monthly_revenue` is in the reporting currency."""

    product_name: str
    subscriptions: int
    monthly_revenue: float


class CurrencyRevenue(BaseModel):
    """The same numbers in one currency, unconverted; `rate` is its rate to the reporting currency, if configured."""

    currency: str
    rate: float | None
    mrr: float
    arr: float
    total_revenue: float


class Revenue(BaseModel):
    """Totals are in `currency`, converted by the configured rates. A currency without a rate is not included."""

    currency: str
    mrr: float
    arr: float
    total_revenue: float
    total_users: int
    active_subscriptions: int
    revenue_by_product: list[ProductRevenue]
    by_currency: list[CurrencyRevenue]
