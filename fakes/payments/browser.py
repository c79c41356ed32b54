"""What the customer's browser does at /checkout/{id} and /invoices/{id}: look, pay, cancel, press the button twice."""

from __future__ import annotations

import time
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fakes.payments import checkouts, invoices, page
from fakes.payments.objects import CARDS, DECLINED_CARD
from fakes.payments.state import Sandbox
from fakes.payments.store import Json

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
MAX_FORM_BYTES: Final = 4096
WEBHOOK_SECONDS: Final = 3.0


async def show(request: Request) -> Response:
    session = _session(request)
    if session is None or session["status"] != "open":
        return _closed(session)
    return _html(page.checkout(session))


async def submit(request: Request) -> Response:
    """Pay or cancel. A second press finds the session complete and is sent to the same place."""
    form = await _form(request)
    session = _session(request)
    if session is None or session["status"] != "open":
        return _closed(session)
    if form.get("action") == "cancel":
        return _to(session["cancel_url"] or "/")
    card = "".join(form.get("card", "").split())
    if card == DECLINED_CARD:
        return _html(page.checkout(session, error="Your card was declined. Try another one."), 402)
    if card not in CARDS:
        return _html(
            page.checkout(session, error="This is not a card of the sandbox. Use one of those below."), 402
        )
    sandbox: Sandbox = request.app.state.sandbox
    with sandbox.store.transaction():
        event = checkouts.pay(sandbox, session, card, int(time.time()))
    await sandbox.webhooks.wait_for_try(event, WEBHOOK_SECONDS)
    return _to(_success_url(session))


async def show_invoice(request: Request) -> Response:
    """The hosted page of an invoice."""
    invoice = _invoice(request)
    if invoice is None:
        return _html(page.message("Unknown invoice", "There is no such invoice."), 404)
    return _html(page.invoice(invoice))


async def pay_invoice(request: Request) -> Response:
    """Pay it with a good card; a second press finds it paid."""
    invoice = _invoice(request)
    if invoice is not None and invoice["status"] == "open":
        sandbox: Sandbox = request.app.state.sandbox
        with sandbox.store.transaction():
            invoices.pay(sandbox, invoice["id"], int(time.time()))
    return await show_invoice(request)


async def show_billing(request: Request) -> Response:
    """Stands in for the app's billing page, so that whoever pays or cancels here ends on a page."""
    return _html(page.billing(request.query_params.get("checkout", "")))


def _invoice(request: Request) -> Json | None:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox.store.get("invoice", request.path_params["id"])


def _session(request: Request) -> Json | None:
    return checkouts.current(request.app.state.sandbox, request.path_params["id"], int(time.time()))


def _closed(session: Json | None) -> Response:
    if session is None:
        return _html(page.message("Unknown checkout", "There is no checkout with this id."), 404)
    if session["status"] == "complete":
        return _to(_success_url(session))
    text = "This checkout has expired. Nothing was paid. Go back and start again."
    return _html(page.message("Checkout expired", text, link=session["cancel_url"]), 410)


def _success_url(session: Json) -> str:
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])


async def _form(request: Request) -> dict[str, str]:
    """The fields, of as much as a form of ours can hold."""
    body = b""
    async for chunk in request.stream():
        body = (body + chunk)[:MAX_FORM_BYTES]
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=None)
    return {name: values[0] for name, values in fields.items()}


def _html(content: str, status: int = 200) -> Response:
    return HTMLResponse(content, status, headers=HEADERS)


def _to(url: str) -> Response:
    return RedirectResponse(url, 303, headers=HEADERS)
