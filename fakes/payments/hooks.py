"""/_sandbox/: what a test orders and looks at. Stripe has nothing like it, and our services never call it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.payments import checkouts
from fakes.payments.objects import public
from fakes.payments.state import MODES, Fault, Sandbox
from fakes.payments.store import Json
from fakes.payments.webhooks import Manner

_T = TypeVar("_T")


async def add_fault(request: Request) -> Response:
    """{"path", "mode": drop_answer|slow|error_500|decline, "times"?: 1, "method"?: POST, "seconds"?: 2}"""
    wanted = await json_of(request)
    if wanted.get("mode") not in MODES:
        raise HTTPException(422, f"mode is one of {', '.join(MODES)}")
    fault = _made(Fault, wanted)
    sandbox_of(request).faults.ordered.append(fault)
    return JSONResponse({"ordered": len(sandbox_of(request).faults.ordered)}, 201)


async def clear_faults(request: Request) -> Response:
    sandbox_of(request).faults.ordered.clear()
    return JSONResponse({"ordered": 0})


async def set_webhooks(request: Request) -> Response:
    """{"held"?: false, "copies"?: 1, "delay"?: 0 seconds}: how events go out from now on."""
    sandbox_of(request).webhooks.manner = _made(Manner, await json_of(request))
    return JSONResponse({})


async def send_event(request: Request) -> Response:
    """Deliver an event, also one that was delivered: {"delay"?: seconds}."""
    sandbox, identity = sandbox_of(request), request.path_params["id"]
    if sandbox.store.get("event", identity) is None:
        raise HTTPException(404, "no such event")
    wanted = await json_of(request)
    sandbox.webhooks.send(identity, delay=float(wanted.get("delay", 0)))
    return JSONResponse({"sent": identity}, 202)


async def expire_checkout(request: Request) -> Response:
    sandbox = sandbox_of(request)
    session = checkouts.current(sandbox, request.path_params["id"], int(time.time()))
    if session is None or session["status"] != "open":
        raise HTTPException(404, "no such open checkout")
    with sandbox.store.transaction():
        checkouts.expire(sandbox, session)
    return JSONResponse(public(session))


async def reset(request: Request) -> Response:
    """Forget everything: objects, answers, faults, the manner of webhooks."""
    sandbox = sandbox_of(request)
    sandbox.store.clear()
    sandbox.faults.ordered.clear()
    sandbox.webhooks.manner = Manner()
    return JSONResponse({})


def _listing(kind: str) -> Callable[[Request], Any]:
    async def listing(request: Request) -> Response:
        """Newest first; `?customer=` narrows it."""
        customer = request.query_params.get("customer")
        found = sandbox_of(request).store.newest(kind, customer=customer, limit=500)
        # What paid an invoice is listed with the invoices.
        return JSONResponse({"data": [public(thing) for thing in found if "sandbox_invoice" not in thing]})

    return listing


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


async def json_of(request: Request) -> Json:
    try:
        content = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(content, dict):
        raise HTTPException(400, "the body is no JSON object")
    return content


def _made(kind: Callable[..., _T], wanted: Json) -> _T:
    """A dataclass of what was sent; a field it does not have is named."""
    try:
        return kind(**wanted)
    except TypeError as error:
        raise HTTPException(422, str(error)) from error


ROUTES = [
    Route("/faults", add_fault, methods=["POST"]),
    Route("/faults", clear_faults, methods=["DELETE"]),
    Route("/webhooks", set_webhooks, methods=["POST"]),
    Route("/events", _listing("event")),
    Route("/events/{id}/send", send_event, methods=["POST"]),
    Route("/charges", _listing("payment_intent")),
    Route("/refunds", _listing("refund")),
    Route("/invoices", _listing("invoice")),
    Route("/subscriptions", _listing("subscription")),
    Route("/disputes", _listing("dispute")),
    Route("/checkouts/{id}/expire", expire_checkout, methods=["POST"]),
    Route("/reset", reset, methods=["POST"]),
]
