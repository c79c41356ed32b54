"""Bodies of the payment endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from platform_service.subscriptions.rules import PlanType
from platform_service.subscriptions.schemas import Subscription
from shared.schemas.money import DecimalNumber
from shared.schemas.types import Id, Request

PaymentKind = Literal["charge", "refund", "refund_reversal", "dispute", "dispute_reversal"]
PaymentStatus = Literal["succeeded", "refunded", "refund_failed", "disputed", "reinstated"]


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
    kind: PaymentKind
    product_id: int | None
    product_name: str | None
    amount: DecimalNumber
    currency: str
    status: PaymentStatus
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
    amount: DecimalNumber
    currency: str
    due_at: datetime


class MonthlyTotal(BaseModel):
    """What all active subscriptions in one currency cost per month."""

    currency: str
    amount: DecimalNumber


class BillingInfo(BaseModel):
    """The summary on a billing page."""

    email: str
    name: str
    customer_id: str | None
    subscriptions: list[Subscription]
    monthly_total: list[MonthlyTotal]
    upcoming_payments: list[UpcomingPayment]
    last_payment: PaymentShape | None
