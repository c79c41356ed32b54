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
    """Where the browser goes to pay."""

    checkout_url: str


class PaymentShape(BaseModel):
    """A movement of money; refunds and disputes are below zero, their reversals above."""

    id: int
    kind: Literal["charge", "refund", "refund_reversal", "dispute", "dispute_reversal"]
    product_id: int | None
    product_name: str | None
    amount: float
    currency: str
    status: Literal["succeeded", "refunded", "refund_failed", "disputed", "reinstated"]
    created_at: datetime


class PaymentPage(BaseModel):
    """A page of the user's payments, the newest first."""

    payments: list[PaymentShape]
    total: int
    pages: int
    current_page: int


class UpcomingPayment(BaseModel):
    """What will be charged next, as far as is known."""

    subscription_id: int
    product_name: str
    amount: float
    currency: str
    due_at: datetime


class MonthlyTotal(BaseModel):
    """What all active subscriptions of one currency cost a month."""

    currency: str
    amount: float


class BillingInfo(BaseModel):
    """What a billing page shows above the history."""

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
    """The same numbers in one currency as it is, unconverted; `rate` is what a unit of it counts for, if known."""

    currency: str
    rate: float | None
    mrr: float
    arr: float
    total_revenue: float


class Revenue(BaseModel):
    """Single numbers are in `currency`, by the configured rates. A currency without a rate is left out of them."""

    currency: str
    mrr: float
    arr: float
    total_revenue: float
    total_users: int
    active_subscriptions: int
    revenue_by_product: list[ProductRevenue]
    by_currency: list[CurrencyRevenue]
