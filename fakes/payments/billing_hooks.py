"""/_sandbox/ hooks for what time, cards, banks and the provider's dashboard do to subscriptions and charges."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.payments import disputes, refunds, subscriptions
from fakes.payments.errors import StripeError
from fakes.payments.hooks import json_of, sandbox_of
from fakes.payments.objects import public
from fakes.payments.state import Sandbox
from fakes.payments.store import Json

STATUSES: Final = ("incomplete", "past_due", "unpaid", "paused", "canceled")


async def renew(request: Request) -> Response:
    """Begin the subscription's next period: {"outcome"?: paid|failed}."""
    paid = await _outcome(request, "paid", "failed") == "paid"
    return _of_subscription(request, lambda *known: subscriptions.renew(*known, paid=paid))


async def retry(request: Request) -> Response:
    """Try the latest invoice again: {"outcome"?: paid|failed}."""
    paid = await _outcome(request, "paid", "failed") == "paid"
    return _of_subscription(request, lambda *known: subscriptions.retry(*known, paid=paid))


async def set_status(request: Request) -> Response:
    """{"status": incomplete|past_due|unpaid|paused|canceled}: retries were given up, or it was paused."""
    status = (await json_of(request)).get("status")
    if status not in STATUSES:
        raise HTTPException(422, f"status is one of {', '.join(STATUSES)}")
    return _of_subscription(request, lambda *known: subscriptions.set_status(*known, status=status))


async def resume(request: Request) -> Response:
    """A paused subscription goes on, with a period that is paid."""
    return _of_subscription(request, subscriptions.resume)


async def change_price(request: Request) -> Response:
    """{"amount": in the smallest unit}: from the next period on."""
    amount = (await json_of(request)).get("amount")
    if not isinstance(amount, int) or amount < 0:
        raise HTTPException(422, "amount is a whole number of the currency's smallest unit")
    return _of_subscription(
        request, lambda sandbox, known, now: subscriptions.change_price(sandbox, known, amount)
    )


async def age(request: Request) -> Response:
    """{"days"}: as if it had begun that much earlier, with all its periods."""
    days = (await json_of(request)).get("days")
    if not isinstance(days, int) or not 0 < days < 10_000:
        raise HTTPException(422, "days is a whole number")
    return _of_subscription(
        request, lambda sandbox, known, _: subscriptions.age(sandbox, known, days * 24 * 3600)
    )


async def open_dispute(request: Request) -> Response:
    """{"payment": a payment intent's id or an invoice's, "amount"?, "inquiry"?: false}"""
    wanted = await json_of(request)
    amount = None if wanted.get("amount") is None else str(wanted["amount"])
    return _done(
        request,
        lambda sandbox, now: disputes.open_dispute(
            sandbox, str(wanted.get("payment")), now, amount=amount, inquiry=bool(wanted.get("inquiry"))
        ),
    )


async def close_dispute(request: Request) -> Response:
    """{"outcome": won|lost}"""
    won = await _outcome(request, "won", "lost") == "won"
    identity = request.path_params["id"]
    return _done(request, lambda sandbox, now: disputes.close(sandbox, identity, now, won=won))


async def fail_refund(request: Request) -> Response:
    """The bank sends the money back."""
    return _done(request, lambda sandbox, now: refunds.fail(sandbox, request.path_params["id"]))


async def announce(request: Request) -> Response:
    """{"type", "object"}: an event of whatever type, about whatever the test says."""
    wanted = await json_of(request)
    if not isinstance(wanted.get("type"), str) or not isinstance(wanted.get("object"), dict):
        raise HTTPException(422, "type is a text and object a JSON object")
    sandbox = sandbox_of(request)
    return JSONResponse({"id": sandbox.announce(wanted["type"], wanted["object"])}, 201)


def _of_subscription(request: Request, work: Callable[[Sandbox, Json, int], Json]) -> Response:
    identity = request.path_params["id"]
    return _done(request, lambda sandbox, now: work(sandbox, subscriptions.known(sandbox, identity), now))


def _done(request: Request, work: Callable[[Sandbox, int], Json]) -> Response:
    sandbox = sandbox_of(request)
    try:
        with sandbox.store.transaction():
            thing = work(sandbox, int(time.time()))
    except StripeError as error:
        return JSONResponse(error.body, error.status)
    return JSONResponse(public(thing))


async def _outcome(request: Request, *outcomes: str) -> str:
    """What the body says, or else the first."""
    outcome = (await json_of(request)).get("outcome", outcomes[0])
    if outcome not in outcomes:
        raise HTTPException(422, f"outcome is {' or '.join(outcomes)}")
    return str(outcome)


ROUTES: Final = [
    Route("/subscriptions/{id}/renew", renew, methods=["POST"]),
    Route("/subscriptions/{id}/retry", retry, methods=["POST"]),
    Route("/subscriptions/{id}/status", set_status, methods=["POST"]),
    Route("/subscriptions/{id}/resume", resume, methods=["POST"]),
    Route("/subscriptions/{id}/price", change_price, methods=["POST"]),
    Route("/subscriptions/{id}/age", age, methods=["POST"]),
    Route("/disputes", open_dispute, methods=["POST"]),
    Route("/disputes/{id}/close", close_dispute, methods=["POST"]),
    Route("/refunds/{id}/fail", fail_refund, methods=["POST"]),
    Route("/events", announce, methods=["POST"]),
]
