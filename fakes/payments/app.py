"""The sandbox as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from fakes.payments import (
    billing_hooks,
    browser,
    charges,
    checkouts,
    customers,
    disputes,
    hooks,
    invoices,
    page,
    refunds,
    subscriptions,
)
from fakes.payments.calls import v1
from fakes.payments.state import Sandbox
from fakes.payments.store import Store
from fakes.payments.webhooks import Webhooks
from shared.tasks import cancel_and_wait

V1 = [
    Route("/customers", v1(customers.create), methods=["POST"]),
    Route("/customers/{id}", v1(customers.retrieve), methods=["GET"]),
    Route("/customers/{id}/payment_methods", v1(customers.cards), methods=["GET"]),
    Route("/checkout/sessions", v1(checkouts.create), methods=["POST"]),
    Route("/checkout/sessions/{id}", v1(checkouts.retrieve), methods=["GET"]),
    Route("/subscriptions/{id}", v1(subscriptions.retrieve), methods=["GET"]),
    Route("/subscriptions/{id}", v1(subscriptions.update), methods=["POST"]),
    Route("/subscriptions/{id}", v1(subscriptions.cancel), methods=["DELETE"]),
    Route("/invoices", v1(invoices.listing), methods=["GET"]),
    Route("/invoices/{id}", v1(invoices.retrieve), methods=["GET"]),
    Route("/invoices/{id}/void", v1(invoices.void), methods=["POST"]),
    Route("/invoice_payments", v1(invoices.payments), methods=["GET"]),
    Route("/payment_intents", v1(charges.create), methods=["POST"]),
    Route("/payment_intents", v1(charges.listing), methods=["GET"]),
    Route("/payment_intents/{id}", v1(charges.retrieve), methods=["GET"]),
    Route("/charges/{id}", v1(charges.retrieve_charge), methods=["GET"]),
    Route("/refunds", v1(refunds.create), methods=["POST"]),
    Route("/refunds", v1(refunds.listing), methods=["GET"]),
    Route("/disputes", v1(disputes.listing), methods=["GET"]),
    Route("/disputes/{id}", v1(disputes.retrieve), methods=["GET"]),
]


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """`url` is the sandbox's own, `data` its SQLite file, `webhook_url` where events go; api_key None takes any."""

    url: str
    data: Path
    webhook_url: str | None
    webhook_secret: str
    api_key: str | None = None


def create_sandbox(settings: SandboxSettings) -> Starlette:
    """The application; its state opens and closes with its lifespan."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with contextlib.closing(Store(settings.data)) as store:
            webhooks = Webhooks(store, url=settings.webhook_url, secret=settings.webhook_secret)
            app.state.sandbox = Sandbox(store, webhooks, settings.url.rstrip("/"), settings.api_key)
            delivering = asyncio.create_task(webhooks.run(), name="deliver webhooks")
            yield
            await cancel_and_wait(delivering)

    return Starlette(
        routes=[
            Mount("/v1", routes=[*V1, Route("/{path:path}", unknown, methods=["GET", "POST", "DELETE"])]),
            Route("/checkout/{id}", browser.show, methods=["GET"]),
            Route("/checkout/{id}", browser.submit, methods=["POST"]),
            Route("/invoices/{id}", browser.show_invoice, methods=["GET"]),
            Route("/invoices/{id}", browser.pay_invoice, methods=["POST"]),
            Route(page.BILLING, browser.show_billing, methods=["GET"]),
            Mount("/_sandbox", routes=[*hooks.ROUTES, *billing_hooks.ROUTES]),
            Route("/health", health),
        ],
        lifespan=lifespan,
    )


async def unknown(request: Request) -> Response:
    """What the sandbox does not know of Stripe it refuses by name."""
    message = f"Unrecognized request URL ({request.method}: {request.url.path})."
    return JSONResponse({"error": {"type": "invalid_request_error", "message": message}}, 404)


async def health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})
