"""/api/payment: the checkout, where the provider comes back, and the billing page."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import RedirectResponse, Response

from platform_service.deps import DatabaseDep, Grace, Message, Settings
from platform_service.payments import billing, success_page, webhook
from platform_service.payments.activation import Outcome
from platform_service.payments.checkout import Addresses, check_out_once
from platform_service.payments.errors import (
    PlanNotOffered,
    PriceNotChargeable,
    UnknownCheckout,
    UnknownProduct,
)
from platform_service.payments.schemas import BillingInfo, CheckoutAnswer, CheckoutRequest, PaymentPage
from platform_service.payments.success_page import BillingPage
from platform_service.subscriptions.errors import AlreadySubscribed, SubscriptionSuspended
from shared.auth.dependencies import CurrentUser
from shared.idempotency.idempotent import IdempotencyKey
from shared.payments.errors import BadWebhook, ProviderUnavailable
from shared.payments.provider import PaymentProvider
from shared.schemas.json import JSONBytes
from shared.schemas.text import RawString, UnnormalizedText
from shared.web.answers import ModelAnswer
from shared.web.body_limits import BodyLimits, with_body_limits
from shared.web.paging import PageQuery, page_of, page_query
from shared.web.problems import responses
from shared.web.routes import public


async def get_provider(request: Request) -> PaymentProvider:
    """Who charges cards."""
    return cast("PaymentProvider", request.app.state.payments)


async def get_billing_page(settings: Settings) -> BillingPage:
    """Where browsers end up."""
    return BillingPage(settings.public_url, settings.billing_page)


Provider = Annotated[PaymentProvider, Depends(get_provider)]
Billing = Annotated[BillingPage, Depends(get_billing_page)]


async def get_addresses(settings: Settings, billing: Billing) -> Addresses:
    """Where the provider sends browsers."""
    return Addresses(settings.public_url, billing)


ReturnAddresses = Annotated[Addresses, Depends(get_addresses)]

router = APIRouter(prefix="/api/payment", tags=["payments"])

WEBHOOK_BOUNDS = BodyLimits(values=20_000, fields=1000, depth=64)
"""An event holds a whole object of the provider's, as an invoice with its lines; who sent it, its signature says."""
SUCCESS: dict[Outcome, str] = {
    "completed": "Thank you. Your subscription is active.",
    "pending": "The payment is not completed yet.",
    "expired": "This checkout has expired; nothing was paid.",
    "duplicate": "You already have this subscription; the second payment is refunded.",
}


@router.post(
    "/checkout",
    response_model=CheckoutAnswer,
    responses=responses(
        UnknownProduct,
        PlanNotOffered,
        PriceNotChargeable,
        AlreadySubscribed,
        SubscriptionSuspended,
        ProviderUnavailable,
    ),
)
async def checkout(
    body: CheckoutRequest,
    user: CurrentUser,
    database: DatabaseDep,
    provider: Provider,
    addresses: ReturnAddresses,
    grace: Grace,
    key: IdempotencyKey = None,
) -> Response:
    """Start a checkout. Send the browser to the returned address; the subscription starts once it is paid."""
    answer = await check_out_once(
        database,
        provider,
        addresses=addresses,
        grace=grace,
        user_id=user.user_id,
        product_id=body.product_id,
        plan_type=body.plan_type,
        key=key,
    )
    return JSONBytes(answer.body, answer.status)


@router.get(
    "/success",
    dependencies=[public],
    response_model=Message,
    responses={
        **responses(UnknownCheckout, ProviderUnavailable),
        303: {
            "description": "A browser (Accept: text/html) is redirected to the billing page with `?checkout=`."
        },
    },
)
async def success(
    session_id: Annotated[str, UnnormalizedText(1, 255), Query()],
    database: DatabaseDep,
    provider: Provider,
    billing_page: Billing,
    grace: Grace,
    accept: Annotated[str, RawString(), Header(include_in_schema=False)] = "",
) -> Response:
    """Where the payment provider sends the browser back. The answer says whether the checkout is paid;
    loading it again is safe."""
    if success_page.accepts_page(accept):
        page = await success_page.page_after(
            database, provider, session_id, billing=billing_page, grace=grace
        )
        return RedirectResponse(page, 303, headers={"Cache-Control": "no-store"})
    outcome = await success_page.outcome_of(database, provider, session_id, grace=grace)
    return ModelAnswer(Message(message=SUCCESS[outcome]))


@router.post("/webhook", dependencies=[public], responses=responses(BadWebhook, ProviderUnavailable))
@with_body_limits(WEBHOOK_BOUNDS)
async def receive_webhook(
    request: Request,
    database: DatabaseDep,
    provider: Provider,
    grace: Grace,
    signature: Annotated[str | None, RawString(), Header(alias="Stripe-Signature")] = None,
) -> Message:
    """Receive an event of the payment provider, whose signature covers the raw body."""
    payload = await request.body()
    return Message(
        message=await webhook.receive(database, provider, grace=grace, payload=payload, signature=signature)
    )


@router.get("/billing-info", response_model=BillingInfo)
async def billing_info(user: CurrentUser, database: DatabaseDep, grace: Grace) -> ModelAnswer:
    """The billing summary: the payer, the subscriptions, the monthly cost and the next charge."""
    return ModelAnswer(await billing.billing_info(database, user_id=user.user_id, grace=grace))


@router.get("/history", response_model=PaymentPage)
async def history(
    user: CurrentUser, database: DatabaseDep, page: Annotated[PageQuery, page_query(default=20)]
) -> ModelAnswer:
    """The user's payments and refunds, newest first."""
    payments, total = await billing.history(
        database, user_id=user.user_id, offset=page.offset, limit=page.per_page
    )
    return ModelAnswer(
        PaymentPage(**page_of("payments", payments, total=total, page=page.page, per_page=page.per_page))
    )
