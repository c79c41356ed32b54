"""One request to /v1: the key, the form, the idempotency key and the ordered failure around what a handler does."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fakes.payments.errors import StripeError, invalid
from fakes.payments.forms import decode
from fakes.payments.objects import public
from fakes.payments.state import Fault, Sandbox
from fakes.payments.store import Answer, Json, new_id
from shared.schemas.money import CURRENCIES

MAX_BODY_BYTES: Final = 65536
MAX_AMOUNT: Final = 99_999_999


@dataclass(slots=True)
class Call:
    """What a handler sees. `declined`: the bank was told to say no."""

    sandbox: Sandbox
    params: Json
    path: dict[str, str]
    now: int
    declined: bool = False

    def only(self, *names: str) -> None:
        """Raises StripeError for a parameter that the sandbox does not know, rather than pass over it."""
        for name in self.params:
            if name not in names and name != "expand":
                raise invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")

    def text(self, name: str) -> str:
        value = self.params.get(name)
        if not isinstance(value, str) or not value:
            raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
        return value

    def metadata(self, params: Json | None = None) -> dict[str, str]:
        value = (self.params if params is None else params).get("metadata") or {}
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise invalid("Invalid metadata: a flat set of texts is needed", param="metadata")
        return value


def integer(value: object, name: str, *, least: int = 1, most: int = MAX_AMOUNT) -> int:
    """A whole number of a form. Raises StripeError."""
    if (
        not isinstance(value, str)
        or not value.isascii()
        or not value.isdigit()
        or not least <= int(value[:20]) <= most
    ):
        raise invalid(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer")
    return int(value)


def currency(value: object) -> str:
    """A code in small letters. Raises StripeError, as Stripe does, for one that it does not know."""
    code = str(value).lower()
    if code.upper() not in CURRENCIES:
        raise invalid(f"Invalid currency: {code}. Stripe currently supports others.", param="currency")
    return code


def amount_in(code: str, amount: int, name: str = "amount") -> int:
    """An amount of a currency. Raises StripeError for a fraction of what banks take."""
    step = CURRENCIES[code.upper()].step
    if amount % step:
        raise invalid(
            f"Invalid amount. Amounts in {code.upper()} must be evenly divisible by {step}.",
            param=name,
            code="invalid_charge_amount_no_decimal_compatible",
        )
    return amount


Handler = Callable[[Call], Json]


def v1(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a handler."""

    async def endpoint(request: Request) -> Response:
        sandbox: Sandbox = request.app.state.sandbox
        fault = sandbox.faults.take(request.method, request.url.path)
        try:
            _authenticate(sandbox, request.headers.get("authorization", ""))
            text = await _body(request) if request.method == "POST" else request.url.query
            if fault is not None and fault.mode == "error_500":
                raise StripeError(500, "api_error", "An unknown error occurred.")
            call = Call(sandbox, decode(text), dict(request.path_params), int(time.time()))
            call.declined = fault is not None and fault.mode == "decline"
            response = _perform(handler, call, request)
        except StripeError as error:
            response = _json(error.status, json.dumps(error.body))
        return await _afflicted(response, fault)

    return endpoint


def _perform(handler: Handler, call: Call, request: Request) -> Response:
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    told = json.dumps([request.method, request.url.path, call.params], sort_keys=True)
    fingerprint = hashlib.sha256(told.encode()).hexdigest()
    store = call.sandbox.store
    with store.transaction():
        if key and (before := store.answer(key)):
            return _replayed(before, fingerprint)
        try:
            status, body = 200, json.dumps(public(handler(call)))
        except StripeError as error:
            if not error.kept:
                raise
            status, body = error.status, json.dumps(error.body)
        if key:
            store.keep_answer(key, Answer(fingerprint, status, body))
    return _json(status, body)


def _replayed(before: Answer, fingerprint: str) -> Response:
    if before.fingerprint != fingerprint:
        raise StripeError(
            400,
            "idempotency_error",
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        )
    response = _json(before.status, before.body)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _authenticate(sandbox: Sandbox, header: str) -> None:
    scheme, _, key = header.partition(" ")
    good = key.startswith("sk_") if sandbox.api_key is None else hmac.compare_digest(key, sandbox.api_key)
    if scheme.lower() != "bearer" or not good:
        raise StripeError(401, "invalid_request_error", "Invalid API Key provided.")


async def _body(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise invalid("The request is too large", status=413)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise invalid("The request is not UTF-8") from error


async def _afflicted(response: Response, fault: Fault | None) -> Response:
    if fault is not None and fault.mode == "slow":
        await asyncio.sleep(fault.seconds)
    if fault is not None and fault.mode == "drop_answer":
        return _Dropped()
    return response


def _json(status: int, body: str) -> Response:
    return Response(body, status, headers={"Request-Id": new_id("req")}, media_type="application/json")


class _Dropped(Response):
    """Promises a body and ends: the server closes the connection, and the caller cannot know what was done."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
